// The threads of a block, one after the other on one host thread, each up to where it waits.
#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

#include "meeting.hpp"
#include "require.hpp"

namespace s24::emulation {

Position thread_index, block_index;
dim3 grid_size, block_size;

namespace {

constexpr size_t kStackBytes = 64 * 1024, kWarp = 32, kSharedAlignment = 1024;

struct Copy {
  void *to;
  const void *from;
  int bytes, of;
};

// A context is switched to once, to be on the fiber's stack; from then on by jumps, which call no system.
struct Fiber {
  ucontext_t state;
  jmp_buf where;
  bool begun;
  std::unique_ptr<char[]> stack{new char[kStackBytes]};
  Position index;
  bool done;
  const std::function<bool()> *ready = nullptr;  // what it waits for
  std::vector<Copy> open;
  std::vector<std::vector<Copy>> closed;
};

struct Warp {
  Meeting meeting{0};
  // What its lanes exchange; two in turn, as a lane may be one exchange ahead of another.
  alignas(16) char gathered[2][kWarp * kMostGathered];
};

std::mutex one_grid;  // the position and the shared variables are global
jmp_buf scheduler;
std::vector<Fiber> fibers;
std::vector<Warp> warps;
Meeting block_meeting{0};
std::vector<uint8_t> shared;
size_t running;
const std::function<void()> *body;

void enter() {
  (*body)();
  fibers[running].done = true;
  _longjmp(scheduler, 1);
}

void yield() {
  if (_setjmp(fibers[running].where) == 0) _longjmp(scheduler, 1);
}

void resume(Fiber &fiber) {
  if (_setjmp(scheduler) != 0) return;
  if (fiber.begun) _longjmp(fiber.where, 1);
  fiber.begun = true;
  setcontext(&fiber.state);
}

Warp &own_warp() { return warps[running / kWarp]; }

void begin(Fiber &fiber, dim3 block, unsigned at) {
  getcontext(&fiber.state);
  fiber.state.uc_stack.ss_sp = fiber.stack.get();
  fiber.state.uc_stack.ss_size = kStackBytes;
  fiber.state.uc_link = nullptr;
  makecontext(&fiber.state, enter, 0);
  fiber.index = {at % block.x, at / block.x % block.y, at / block.x / block.y};
  fiber.begun = false;
  fiber.done = false;
  fiber.open.clear();
  fiber.closed.clear();
}

void run_block(dim3 block, size_t count) {
  std::fill(shared.begin(), shared.end(), uint8_t{0xff});
  block_meeting = {count};
  for (size_t w = 0; w < warps.size(); w++) {
    warps[w].meeting = {std::min(kWarp, count - std::min(count, w * kWarp))};
  }
  for (size_t t = 0; t < count; t++) begin(fibers[t], block, static_cast<unsigned>(t));
  constexpr size_t kDeadlock = 100000;  // rounds
  for (size_t left = count, in_vain = 0; left > 0; in_vain++) {
    require(in_vain < kDeadlock, "every thread waits");
    for (running = 0; running < count; running++) {
      Fiber &fiber = fibers[running];
      if (fiber.done || (fiber.ready != nullptr && !(*fiber.ready)())) continue;
      in_vain = 0;
      thread_index = fiber.index;
      resume(fiber);
      if (fiber.done) left--;
    }
  }
}

}  // namespace

void run_grid(dim3 grid, dim3 block, size_t shared_bytes, const std::function<void()> &thread) {
  const std::lock_guard<std::mutex> lock(one_grid);
  const size_t count = size_t{block.x} * block.y * block.z;
  if (fibers.size() < count) fibers.resize(count);
  warps.resize((count + kWarp - 1) / kWarp);
  shared.resize(shared_bytes + kSharedAlignment);
  body = &thread;
  grid_size = grid;
  block_size = block;
  // From the last block down: no result may depend on their order.
  for (unsigned y = grid.y; y-- > 0;) {
    for (unsigned x = grid.x; x-- > 0;) {
      block_index = {x, y, 0};
      run_block(block, count);
    }
  }
}

void wait_until(const std::function<bool()> &ready) {
  if (ready()) return;
  Fiber &fiber = fibers[running];
  fiber.ready = &ready;
  yield();
  fiber.ready = nullptr;
}

void wait_for_block() { block_meeting.attend(); }

bool any_of_block(bool own) {
  static bool any, result;
  any = any || own;
  block_meeting.attend([] {
    result = any;
    any = false;
  });
  const bool all = result;
  block_meeting.attend();  // none is so far ahead as to change it
  return all;
}

int lane() { return static_cast<int>(running % kWarp); }

uint8_t *dynamic_shared() {
  const auto address = reinterpret_cast<uintptr_t>(shared.data());
  return shared.data() + (kSharedAlignment - address % kSharedAlignment) % kSharedAlignment;
}

const void *gather_bytes(const void *own, size_t bytes) {
  Warp &warp = own_warp();
  char *gathered = warp.gathered[warp.meeting.held % 2];
  std::memcpy(gathered + running % kWarp * bytes, own, bytes);
  warp.meeting.attend();
  return gathered;
}

void queue_copy(void *to, const void *from, int bytes, int of) {
  fibers[running].open.push_back({to, from, bytes, of});
}

void close_copies() {
  Fiber &own = fibers[running];
  own.closed.push_back(std::move(own.open));
  own.open.clear();
}

void wait_for_copies(int groups_left) {
  auto &closed = fibers[running].closed;
  while (closed.size() > static_cast<size_t>(groups_left)) {
    for (const Copy &copy : closed.front()) {
      std::memset(copy.to, 0, static_cast<size_t>(copy.of));
      if (copy.bytes > 0) std::memcpy(copy.to, copy.from, static_cast<size_t>(copy.bytes));
    }
    closed.erase(closed.begin());
  }
}

}  // namespace s24::emulation
