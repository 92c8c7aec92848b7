// wgmma.mma_async.sp with N = 128 as the PTX ISA defines it: the fragments of A and its metadata in the registers of
// 128 threads, B by its matrix descriptor, sums in registers. Multiplications are run in the order they were started
// in, in F32 or I32; the tensor cores' own rounding of sums is imitated for E4M3 only (narrow_sum.hpp).
#include "ptx/wgmma_sp.cuh"

#include <array>
#include <list>
#include <vector>

#include "meeting.hpp"
#include "narrow_sum.hpp"
#include "ptx/warpgroup.cuh"
#include "require.hpp"

namespace s24::emulation {
namespace {

using cuda::kWarpgroup;
using cuda::kWgmmaSums;
using cuda::kWgmmaWRows;
using cuda::kWgmmaXBytes;
using cuda::kWgmmaXRows;

// Sums of a thread that multiplications which have not ended add to.
struct Running {
  void *registers;
  std::array<uint32_t, kWgmmaSums> sums;
};

struct Started {
  WgmmaPart part;
  bool ends_group;
};

struct Thread {
  std::list<Running> running;
  std::vector<Started> started;
  bool fenced = false;
};

struct Warpgroup {
  Thread threads[kWarpgroup];
  Meeting meeting{kWarpgroup};
};

Warpgroup warpgroups[8];

Warpgroup &own_warpgroup() { return warpgroups[thread_index.x / kWarpgroup]; }
Thread &own_thread() { return own_warpgroup().threads[thread_index.x % kWarpgroup]; }

// The sums to add to: from the start of the first multiplication on, the registers are not the thread's to read.
void *running_sums(Thread &thread, void *registers) {
  for (Running &r : thread.running) {
    if (r.registers == registers) return r.sums.data();
  }
  thread.running.push_back({registers, {}});
  Running &r = thread.running.back();
  std::memcpy(r.sums.data(), registers, sizeof r.sums);
  std::memset(registers, 0xff, sizeof r.sums);
  return r.sums.data();
}

void give_back_ended(Thread &thread) {
  thread.running.remove_if([&](const Running &r) {
    for (const Started &s : thread.started) {
      if (s.part.sums == r.sums.data()) return false;
    }
    std::memcpy(r.registers, r.sums.data(), sizeof r.sums);
    return true;
  });
}

size_t groups_of(const Thread &thread) {
  size_t groups = 0;
  for (const Started &s : thread.started) groups += s.ends_group ? 1u : 0u;
  return groups;
}

void run_first(Warpgroup &warpgroup) {
  WgmmaPart parts[kWarpgroup];
  for (int i = 0; i < kWarpgroup; i++) {
    Thread &thread = warpgroup.threads[i];
    require(!thread.started.empty(), "a thread of the warpgroup did not start a multiplication");
    parts[i] = thread.started.front().part;
    thread.started.erase(thread.started.begin());
    require(parts[i].run == parts[0].run && parts[i].x == parts[0].x && parts[i].selector == parts[0].selector &&
                parts[i].adds == parts[0].adds,
            "threads of a warpgroup start different multiplications");
  }
  parts[0].run(parts);
}

// Rows of X by the descriptor, as [column][row].
template <class X, class Sum, int kColumns>
void read_x(uint64_t descriptor, Sum (&x)[kColumns][kWgmmaXRows]) {
  const uint64_t start = (descriptor & 0x3fff) << 4, eight_rows = (descriptor >> 32 & 0x3fff) << 4;
  require(descriptor >> 62 == 1 && (descriptor >> 49 & 7) == 0, "operand X is not in the 128-byte swizzle");
  for (int row = 0; row < kWgmmaXRows; row++) {
    for (int column = 0; column < kColumns; column++) {
      uint64_t at = start + static_cast<uint64_t>(row / 8) * eight_rows + static_cast<uint64_t>(row % 8) * 128 +
                    static_cast<uint64_t>(column) * sizeof(X);
      at ^= (at >> 7 & 7) << 4;
      X value;
      std::memcpy(&value, dynamic_shared() + at, sizeof value);
      x[column][row] = cuda::widen<Sum>(value);
    }
  }
}

// A row of A: which register of which thread its kept values and its groups' nibbles are in.
template <class W>
struct Fragment {
  static constexpr int kPerRegister = 4 / static_cast<int>(sizeof(W));
  static constexpr int kKept = 8 * kPerRegister, kGroups = kKept / 2;

  const WgmmaPart *warp;
  int g, lower;  // row g + 8 * lower of the warp's 16

  Fragment(const WgmmaPart *threads, int row) : warp(threads + row / 16 * 32), g(row % 8), lower(row / 8 % 2) {}

  W value(int kept) const {
    const int half = kept / (4 * kPerRegister), in_half = kept % (4 * kPerRegister);
    const uint32_t four = warp[4 * g + in_half / kPerRegister].a[2 * half + lower];
    W value;
    std::memcpy(&value, reinterpret_cast<const uint8_t *>(&four) + in_half % kPerRegister * sizeof(W), sizeof value);
    return value;
  }

  unsigned nibble(int group) const {
    unsigned nibble = 0;
    if constexpr (sizeof(W) == 2) {
      const WgmmaPart &thread = warp[4 * g + 2 * warp->selector + group / 4];
      nibble = *thread.metadata >> (16 * lower + 4 * (group % 4)) & 15u;
    } else {
      require(warp->selector == 0, "8-bit types have selector 0");
      nibble = *warp[4 * g + lower + 2 * (group / 8)].metadata >> 4 * (group % 8) & 15u;
    }
    require((nibble & 3u) < nibble >> 2, "metadata is not two rising columns");
    return nibble;
  }
};

}  // namespace

void start_wgmma(const WgmmaPart &part) {
  Thread &thread = own_thread();
  require(thread.fenced, "a multiplication is started without wgmma.fence");
  thread.started.push_back({part, false});
  thread.started.back().part.sums = running_sums(thread, part.sums);
}

void wait_wgmma(int groups) {
  Warpgroup &warpgroup = own_warpgroup();
  warpgroup.meeting.attend([&] {
    while (groups_of(warpgroup.threads[0]) > static_cast<size_t>(groups)) run_first(warpgroup);
    for (Thread &thread : warpgroup.threads) give_back_ended(thread);
  });
}

template <class W, class X>
void run_wgmma_sp(const WgmmaPart *threads) {
  using Sum = cuda::SumOf<W, X>;
  constexpr int kColumns = kWgmmaXBytes / static_cast<int>(sizeof(X));
  static Sum x[kColumns][kWgmmaXRows];
  read_x<X>(threads->x, x);
  for (int row = 0; row < kWgmmaWRows; row++) {
    const Fragment<W> fragment(threads, row);
    using Added = std::conditional_t<std::is_same_v<X, cuda::E4m3>, NarrowSum, ExactSum<Sum>>;
    std::vector<Added> sums;
    const auto sum_of = [&](int i) -> Sum & {
      return static_cast<Sum *>(fragment.warp[4 * fragment.g + i % 8 / 2].sums)[i / 8 * 4 + 2 * fragment.lower + i % 2];
    };
    for (int i = 0; i < kWgmmaXRows; i++) sums.emplace_back(threads->adds ? sum_of(i) : Sum{0});
    for (int kept = 0; kept < fragment.kKept; kept++) {
      const unsigned nibble = fragment.nibble(kept / 2);
      const Sum value = cuda::widen<Sum>(fragment.value(kept));
      const Sum *column = x[kept / 2 * 4 + static_cast<int>(kept % 2 == 0 ? nibble & 3u : nibble >> 2)];
      for (int i = 0; i < kWgmmaXRows; i++) sums[static_cast<size_t>(i)].add(value * column[i]);
    }
    for (int i = 0; i < kWgmmaXRows; i++) sum_of(i) = static_cast<Sum>(sums[static_cast<size_t>(i)].value());
  }
}

template void run_wgmma_sp<cuda::Bf16, cuda::Bf16>(const WgmmaPart *);
template void run_wgmma_sp<cuda::F16, cuda::F16>(const WgmmaPart *);
template void run_wgmma_sp<cuda::I8, cuda::I8>(const WgmmaPart *);
template void run_wgmma_sp<cuda::E4m3, cuda::E4m3>(const WgmmaPart *);

}  // namespace s24::emulation

namespace s24::cuda {

uint64_t wgmma_operand(const void *rows) {
  const auto address = static_cast<uint64_t>(static_cast<const uint8_t *>(rows) - emulation::dynamic_shared());
  return address >> 4 | uint64_t{1} << 16 | uint64_t{1024 >> 4} << 32 | uint64_t{1} << 62;
}

void wgmma_fence() { emulation::own_thread().fenced = true; }

void wgmma_commit() {
  emulation::Thread &thread = emulation::own_thread();
  emulation::require(!thread.started.empty(), "an empty group is committed");
  thread.started.back().ends_group = true;
  thread.fenced = false;
}

}  // namespace s24::cuda
