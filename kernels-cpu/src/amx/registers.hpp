// The tile registers of AMX: eight, here always of sixteen rows by 64 bytes, that lie in memory row after row. In tests
// (S24_EMULATE_AMX) software stands in for them. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AMX_REGISTERS_HPP
#define SPARSE24_CPU_AMX_REGISTERS_HPP

#include <cstdint>

namespace s24::cpu {
namespace {

constexpr int64_t kRegisterRows = 16, kRegisterRowBytes = 64, kRegisterBytes = kRegisterRows * kRegisterRowBytes;

// What ldtilecfg reads.
struct alignas(64) RegisterShapes {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(RegisterShapes) == 64);

}  // namespace
}  // namespace s24::cpu

#if defined(S24_EMULATE_AMX)
#include "amx_emulation.hpp"
#else

namespace s24::cpu {
namespace {

// Not the intrinsics: gcc's say nothing of the memory that a load reads, so that a store before it may come after it.
inline void configure_registers(const RegisterShapes &shapes) { __asm__ volatile("ldtilecfg %0" : : "m"(shapes)); }
inline void release_registers() { __asm__ volatile("tilerelease"); }

template <int To>
inline void register_zero() {
  __asm__ volatile("tilezero %%tmm%c0" : : "i"(To));
}

template <int To>
inline void register_load(const uint8_t *from) {
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(kRegisterRowBytes), "i"(To) : "memory");
}

// The same of what is used once: it takes no room in the first-level cache.
template <int To>
inline void register_stream(const uint8_t *from) {
  __asm__ volatile("tileloaddt1 (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(kRegisterRowBytes), "i"(To) : "memory");
}

template <int From>
inline void register_store(uint8_t *to) {
  __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(kRegisterRowBytes), "i"(From) : "memory");
}

// Row i, lane j of Sum += the sum over q of the pair q of X's row i times the pair in lane j of W's row q.
template <int Sum, int X, int W>
inline void register_dot_bf16() {
  __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(Sum), "i"(X), "i"(W));
}

// The same with four signed bytes in place of a pair, in I32.
template <int Sum, int X, int W>
inline void register_dot_i8() {
  __asm__ volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(Sum), "i"(X), "i"(W));
}

}  // namespace
}  // namespace s24::cpu

#endif

#endif  // SPARSE24_CPU_AMX_REGISTERS_HPP
