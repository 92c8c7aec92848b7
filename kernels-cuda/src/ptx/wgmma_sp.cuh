// wgmma.mma_async.sp: a warpgroup multiplies 64 rows of W, 2:4 and in registers, by 128 rows of X in shared memory, 32
// columns a time (16-bit types) or 64 (8-bit types).
//   W     lane l, g = l / 4, t = l % 4, of warp w has rows 16 w + g and 16 w + g + 8, as fragments.hpp has them: a[4]
//   and
//         a word of metadata, of which Selector says whose lanes' count (16-bit types)
//   sums  d[4 b + 2 h + e] is row 16 w + g + 8 h of W with row 8 b + 2 t + e of X; not Adds: what they were does not
//         count
#ifndef SPARSE24_CUDA_PTX_WGMMA_SP_CUH
#define SPARSE24_CUDA_PTX_WGMMA_SP_CUH

#include "dtype.hpp"
#include "ptx/shared_memory.cuh"

namespace s24::cuda {

constexpr int kWgmmaWRows = 64, kWgmmaXRows = 128, kWgmmaSums = 64;
constexpr int kWgmmaXBytes = 64;  // of a row of X, a multiplication

// Operand X: rows of 128 bytes one after the other, 128-byte swizzle, at a multiple of 1024 bytes. In units of 16
// bytes: bits 0-13 the address, 16-29 the leading offset, which this swizzle does not use, 32-45 that from eight rows
// to the next eight; 62-63 the kind of swizzle. To add bytes / 16 goes on along the rows, within their 128 bytes.
__device__ inline uint64_t wgmma_operand(const void *rows) {
  return uint64_t{shared_address(rows) >> 4 & 0x3fffu} | uint64_t{1} << 16 | uint64_t{1024 >> 4} << 32 |
         uint64_t{1} << 62;
}

// Before the first multiplication, and where a thread has written registers that one will read.
__device__ inline void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }

__device__ inline void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

// Until at most Groups of those committed last still run.
template <int Groups>
__device__ void wgmma_wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(Groups) : "memory");
}

// In a register of its own from before this to behind it. A multiplication that runs uses registers that the compiler
// believes to be done with: the wait that ends it is followed by this for each of them. And one whose values a compiler
// could make later, or share with another, is defined before the fence so; else it runs multiplications one by one.
template <class T>
__device__ void wgmma_pin(T &in_register) {
  if constexpr (std::is_same_v<T, float>) {
    asm volatile("" : "+f"(in_register)::"memory");
  } else {
    asm volatile("" : "+r"(in_register)::"memory");
  }
}

template <class W, class X>
struct WgmmaSp;

#define S24_WGMMA_SUMS                                                               \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "           \
  "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, " \
  "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, " \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"

#define S24_WGMMA_OUT(C)                                                                                            \
  C(d[0]), C(d[1]), C(d[2]), C(d[3]), C(d[4]), C(d[5]), C(d[6]), C(d[7]), C(d[8]), C(d[9]), C(d[10]), C(d[11]),     \
      C(d[12]), C(d[13]), C(d[14]), C(d[15]), C(d[16]), C(d[17]), C(d[18]), C(d[19]), C(d[20]), C(d[21]), C(d[22]), \
      C(d[23]), C(d[24]), C(d[25]), C(d[26]), C(d[27]), C(d[28]), C(d[29]), C(d[30]), C(d[31]), C(d[32]), C(d[33]), \
      C(d[34]), C(d[35]), C(d[36]), C(d[37]), C(d[38]), C(d[39]), C(d[40]), C(d[41]), C(d[42]), C(d[43]), C(d[44]), \
      C(d[45]), C(d[46]), C(d[47]), C(d[48]), C(d[49]), C(d[50]), C(d[51]), C(d[52]), C(d[53]), C(d[54]), C(d[55]), \
      C(d[56]), C(d[57]), C(d[58]), C(d[59]), C(d[60]), C(d[61]), C(d[62]), C(d[63])

#define S24_WGMMA_SP(W, X, SUM, C, TYPES, SCALES)                                                                  \
  template <>                                                                                                      \
  struct WgmmaSp<W, X> {                                                                                           \
    template <int Selector, bool Adds = true>                                                                      \
    static __device__ void multiply(SUM (&d)[kWgmmaSums], const uint32_t (&a)[4], uint32_t metadata, uint64_t x) { \
      asm volatile("wgmma.mma_async.sp.sync.aligned.m64n128" TYPES " {" S24_WGMMA_SUMS                             \
                   "}, {%64, %65, %66, %67}, %68, %69, %70, %71" SCALES ";"                                        \
                   : S24_WGMMA_OUT(C)                                                                              \
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(x), "r"(metadata), "n"(Selector), "n"(Adds)); \
    }                                                                                                              \
  };

#define S24_FLOAT(v) "+f"(v)
#define S24_INT(v) "+r"(v)
S24_WGMMA_SP(Bf16, Bf16, float, S24_FLOAT, "k32.f32.bf16.bf16", ", 1, 1, 0")
S24_WGMMA_SP(F16, F16, float, S24_FLOAT, "k32.f32.f16.f16", ", 1, 1, 0")
S24_WGMMA_SP(E4m3, E4m3, float, S24_FLOAT, "k64.f32.e4m3.e4m3", ", 1, 1")
S24_WGMMA_SP(I8, I8, int32_t, S24_INT, "k64.s32.s8.s8", "")
#undef S24_INT
#undef S24_FLOAT
#undef S24_WGMMA_SP
#undef S24_WGMMA_OUT
#undef S24_WGMMA_SUMS

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_WGMMA_SP_CUH
