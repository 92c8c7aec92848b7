// What this machine can do at most, for the suite of s24 bench: multiply-adds on registers alone, and plain streams
// through memory. One thread a call; the caller takes the time, and starts as many threads as it wants to measure.
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define S24_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

#if defined(__x86_64__)
// Twelve sums hide a latency of up to six cycles behind two multiply-adds a cycle, and leave AVX2 registers for the
// factors.
constexpr int kSums = 12;

// The asm statements make values unknown to the compiler, so that it computes every one of them.
__attribute__((target("avx2,fma"))) void f32_avx2(int64_t rounds) {
  __m256 a = _mm256_set1_ps(1.0f), b = _mm256_set1_ps(1e-9f), sums[kSums];
  asm volatile("" : "+x"(a), "+x"(b));
  for (auto &s : sums) s = _mm256_setzero_ps();
  for (int64_t r = 0; r < rounds; r++) {
#pragma GCC unroll 12
    for (auto &s : sums) s = _mm256_fmadd_ps(a, b, s);
  }
  for (auto &s : sums) asm volatile("" : "+x"(s));
}

__attribute__((target("avx512f"))) void f32_avx512(int64_t rounds) {
  __m512 a = _mm512_set1_ps(1.0f), b = _mm512_set1_ps(1e-9f), sums[kSums];
  asm volatile("" : "+v"(a), "+v"(b));
  for (auto &s : sums) s = _mm512_setzero_ps();
  for (int64_t r = 0; r < rounds; r++) {
#pragma GCC unroll 12
    for (auto &s : sums) s = _mm512_fmadd_ps(a, b, s);
  }
  for (auto &s : sums) asm volatile("" : "+v"(s));
}

__attribute__((target("avx512f,avx512bf16"))) void bf16_avx512bf16(int64_t rounds) {
  __m512 sums[kSums];
  __m512i bits = _mm512_set1_epi16(0x3f80);  // 1.0
  asm volatile("" : "+v"(bits));
  const __m512bh a = (__m512bh)bits;
  for (auto &s : sums) s = _mm512_setzero_ps();
  for (int64_t r = 0; r < rounds; r++) {
#pragma GCC unroll 12
    for (auto &s : sums) s = _mm512_dpbf16_ps(s, a, a);
  }
  for (auto &s : sums) asm volatile("" : "+v"(s));
}

// Four streams, and a hint ahead of each: one alone leaves some of the bandwidth, on one thread a quarter.
__attribute__((target("avx2"))) int64_t read_avx2(const char *p, int64_t bytes) {
  constexpr int kStreams = 4, kAhead = 1024;
  __m256i sums[kStreams] = {};
  const int64_t stream = bytes / kStreams / 64 * 64;
  for (int64_t i = 0; i < stream; i += 64) {
    for (int j = 0; j < kStreams; j++) {
      const char *line = p + j * stream + i;
      _mm_prefetch(line + kAhead, _MM_HINT_T0);
      sums[j] = _mm256_xor_si256(sums[j], _mm256_loadu_si256(reinterpret_cast<const __m256i *>(line)));
      sums[j] = _mm256_xor_si256(sums[j], _mm256_loadu_si256(reinterpret_cast<const __m256i *>(line + 32)));
    }
  }
  const __m256i all = _mm256_xor_si256(_mm256_xor_si256(sums[0], sums[1]), _mm256_xor_si256(sums[2], sums[3]));
  int64_t lanes[4];
  std::memcpy(lanes, &all, sizeof lanes);
  return lanes[0] ^ lanes[1] ^ lanes[2] ^ lanes[3];
}

// Stores that pass the caches by: a plain store would read its line first.
void copy_streaming(char *to, const char *from, int64_t bytes) {
  for (int64_t i = 0; i + 64 <= bytes; i += 64) {
    for (int j = 0; j < 64; j += 16) {
      const __m128i value = _mm_loadu_si128(reinterpret_cast<const __m128i *>(from + i + j));
      _mm_stream_si128(reinterpret_cast<__m128i *>(to + i + j), value);
    }
  }
  _mm_sfence();
}
#endif

}  // namespace

// Runs rounds of F32 multiply-adds; returns the operations of a round, a multiply-add being two, or 0 if there is no
// loop for this machine.
S24_EXPORT int64_t s24_ceiling_f32([[maybe_unused]] int64_t rounds) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return f32_avx512(rounds), kSums * 16 * 2;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return f32_avx2(rounds), kSums * 8 * 2;
#endif
  return 0;
}

// The same for BF16 with F32 sums; 0 on a machine without AVX512-BF16.
S24_EXPORT int64_t s24_ceiling_bf16([[maybe_unused]] int64_t rounds) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bf16")) return bf16_avx512bf16(rounds), kSums * 32 * 2;
#endif
  return 0;
}

// Reads memory, a multiple of 256 bytes; returns a checksum, so that nothing is left out.
S24_EXPORT int64_t s24_ceiling_read(const char *memory, int64_t bytes) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return read_avx2(memory, bytes);
#endif
  int64_t sum = 0;
  for (int64_t i = 0; i + 8 <= bytes; i += 8) {
    int64_t value;
    std::memcpy(&value, memory + i, 8);
    sum ^= value;
  }
  return sum;
}

// Copies memory, both blocks aligned to 64 bytes and a multiple of them long.
S24_EXPORT void s24_ceiling_copy(char *to, const char *from, int64_t bytes) {
#if defined(__x86_64__)
  copy_streaming(to, from, bytes);
#else
  std::memcpy(to, from, static_cast<size_t>(bytes));
#endif
}
