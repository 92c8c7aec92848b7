// S24_HD marks the arithmetic of the kernels: one source for the device and for the host's tests.
#ifndef SPARSE24_CUDA_HOST_DEVICE_HPP
#define SPARSE24_CUDA_HOST_DEVICE_HPP

#if defined(__CUDACC__)
#define S24_HD __host__ __device__
#else
#define S24_HD
#endif

// Before a loop: the device's compiler is to unroll it, so many times or wholly. Host compilers know no such pragma.
#if defined(__CUDA_ARCH__)
#define S24_UNROLL _Pragma("unroll")
#define S24_UNROLL_16 _Pragma("unroll 16")
#else
#define S24_UNROLL
#define S24_UNROLL_16
#endif

#endif  // SPARSE24_CUDA_HOST_DEVICE_HPP
