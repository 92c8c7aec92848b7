// Barriers and copies as the PTX ISA has them. A copy is done as late as it may: when a fiber waits in vain, and then
// the one started last comes first. So whoever reads before a barrier lets it finds what was there before.
#include <vector>

#include "meeting.hpp"
#include "ptx/bulk_copy.cuh"
#include "ptx/warpgroup.cuh"
#include "require.hpp"
#include "tensor_map_stand_in.hpp"

namespace s24::emulation {
namespace {

// What the 64 bits of an mbarrier hold.
struct State {
  uint16_t arrivals;  // that end a phase
  uint16_t missing;   // of them, in the running phase
  uint32_t parity : 1;
  int32_t bytes : 31;  // announced and not copied yet
};
static_assert(sizeof(State) == sizeof(cuda::Mbarrier), "an mbarrier is 64 bits");

State &state_of(cuda::Mbarrier *barrier) { return *reinterpret_cast<State *>(barrier); }

void end_phase_if_due(State &state) {
  if (state.missing != 0 || state.bytes != 0) return;
  state.parity ^= 1u;
  state.missing = state.arrivals;
}

struct Copy {
  uint8_t *to;
  const uint8_t *from;  // null: a box of `map`
  uint32_t bytes;
  TensorMap map;
  int32_t column, row;
  cuda::Mbarrier *barrier;
};

std::vector<Copy> copies;

void copy_box_now(const Copy &copy) {
  const TensorMap &map = copy.map;
  const int64_t first = int64_t{copy.column} * map.element;
  for (int64_t row = 0; row < map.box_rows; row++) {
    for (int64_t byte = 0; byte < kBoxBytes; byte++) {
      const int64_t from_row = copy.row + row, from_byte = first + byte;
      const bool inside = from_row < static_cast<int64_t>(map.rows) && from_byte < static_cast<int64_t>(map.row_bytes);
      uint8_t *to = copy.to + row * kBoxBytes + ((byte / 16) ^ (row % 8)) * 16 + byte % 16;
      *to = inside ? map.data[from_row * static_cast<int64_t>(map.stride) + from_byte] : uint8_t{0};
    }
  }
}

void do_a_copy() {
  if (copies.empty()) return;
  const Copy copy = copies.back();
  copies.pop_back();
  if (copy.from == nullptr) {
    copy_box_now(copy);
  } else {
    std::memcpy(copy.to, copy.from, copy.bytes);
  }
  State &state = state_of(copy.barrier);
  state.bytes -= static_cast<int32_t>(copy.bytes);
  end_phase_if_due(state);
}

Meeting named_barriers[16] = {};

}  // namespace
}  // namespace s24::emulation

namespace s24::cuda {

using emulation::end_phase_if_due;
using emulation::require;
using emulation::state_of;

void mbarrier_init(Mbarrier *barrier, uint32_t arrivals) {
  emulation::State &state = state_of(barrier);
  state.arrivals = state.missing = static_cast<uint16_t>(arrivals);
  state.parity = 0;
  state.bytes = 0;
}

void mbarrier_arrive(Mbarrier *barrier) { mbarrier_arrive_expect(barrier, 0); }

void mbarrier_arrive_expect(Mbarrier *barrier, uint32_t bytes) {
  emulation::State &state = state_of(barrier);
  require(state.missing > 0, "an mbarrier has more arrivals than it was made for");
  state.bytes += static_cast<int32_t>(bytes);
  state.missing--;
  end_phase_if_due(state);
}

void mbarrier_wait(Mbarrier *barrier, uint32_t parity) {
  emulation::wait_until([&] {
    if (state_of(barrier).parity != parity) return true;
    emulation::do_a_copy();
    return false;
  });
}

void copy_box(void *to, const CUtensorMap *map, int32_t column, int32_t row, Mbarrier *barrier) {
  require(reinterpret_cast<uintptr_t>(to) % 1024 == 0, "a swizzled box goes to a multiple of 1024 bytes");
  emulation::Copy copy{static_cast<uint8_t *>(to), nullptr, 0, {}, column, row, barrier};
  std::memcpy(&copy.map, map, sizeof copy.map);
  copy.bytes = copy.map.box_rows * emulation::kBoxBytes;
  emulation::copies.push_back(copy);
}

void copy_bytes(void *to, const void *from, uint32_t bytes, Mbarrier *barrier) {
  require(reinterpret_cast<uintptr_t>(to) % 16 == 0 && reinterpret_cast<uintptr_t>(from) % 16 == 0 && bytes % 16 == 0,
          "a bulk copy has addresses and a size in multiples of 16 bytes");
  emulation::copies.push_back(
      {static_cast<uint8_t *>(to), static_cast<const uint8_t *>(from), bytes, {}, 0, 0, barrier});
}

void sync_warpgroup(int barrier) {
  emulation::Meeting &meeting = emulation::named_barriers[barrier];
  meeting.members = kWarpgroup;
  meeting.attend();
}

}  // namespace s24::cuda
