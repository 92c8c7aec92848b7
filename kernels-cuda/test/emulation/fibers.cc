// The threads of a block, one after the other on one host thread, each up to where it waits.
#include <ucontext.h>

#include <memory>
#include <mutex>
#include <vector>

#include "cuda_runtime.h"

namespace s24::emulation {

Position thread_index, block_index;
dim3 grid_size;

namespace {

constexpr size_t kStackBytes = 64 * 1024;

struct Fiber {
  ucontext_t state;
  std::unique_ptr<char[]> stack{new char[kStackBytes]};
  Position index;
  bool done;
  uint32_t slots[2];  // what it exchanges; two in turn, as a lane may be one exchange ahead of another
  unsigned exchanges;
};

std::mutex one_grid;  // the position and the shared variables are global
ucontext_t scheduler;
std::vector<Fiber> fibers;
size_t running;
const std::function<void()> *body;

void enter() {
  (*body)();
  fibers[running].done = true;
}

void yield() { swapcontext(&fibers[running].state, &scheduler); }

void run_block(dim3 block, size_t count) {
  for (size_t t = 0; t < count; t++) {
    Fiber &fiber = fibers[t];
    getcontext(&fiber.state);
    fiber.state.uc_stack.ss_sp = fiber.stack.get();
    fiber.state.uc_stack.ss_size = kStackBytes;
    fiber.state.uc_link = &scheduler;
    makecontext(&fiber.state, enter, 0);
    const auto at = static_cast<unsigned>(t);
    fiber.index = {at % block.x, at / block.x % block.y, at / block.x / block.y};
    fiber.done = false;
    fiber.exchanges = 0;
  }
  // Every thread of a warp waits equally often, so a round takes all of them from one wait to the next.
  for (size_t left = count; left > 0;) {
    for (running = 0; running < count; running++) {
      Fiber &fiber = fibers[running];
      if (fiber.done) continue;
      thread_index = fiber.index;
      swapcontext(&scheduler, &fiber.state);
      if (fiber.done) left--;
    }
  }
}

}  // namespace

void run_grid(dim3 grid, dim3 block, const std::function<void()> &thread) {
  const std::lock_guard<std::mutex> lock(one_grid);
  const size_t count = size_t{block.x} * block.y * block.z;
  if (fibers.size() < count) fibers.resize(count);
  body = &thread;
  grid_size = grid;
  // From the last block down: no result may depend on their order.
  for (unsigned y = grid.y; y-- > 0;) {
    for (unsigned x = grid.x; x-- > 0;) {
      block_index = {x, y, 0};
      run_block(block, count);
    }
  }
}

void wait_for_block() { yield(); }

uint32_t exchange(uint32_t value, int apart) {
  Fiber &own = fibers[running];
  const unsigned turn = own.exchanges++ % 2;
  own.slots[turn] = value;
  const size_t other = running ^ static_cast<size_t>(apart);
  yield();
  return fibers[other].slots[turn];
}

}  // namespace s24::emulation
