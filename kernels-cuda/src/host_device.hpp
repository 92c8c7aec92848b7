// S24_HD marks the arithmetic of the kernels: one source for the device and for the host's tests.
#ifndef SPARSE24_CUDA_HOST_DEVICE_HPP
#define SPARSE24_CUDA_HOST_DEVICE_HPP

#if defined(__CUDACC__)
#define S24_HD __host__ __device__
#else
#define S24_HD
#endif

#endif  // SPARSE24_CUDA_HOST_DEVICE_HPP
