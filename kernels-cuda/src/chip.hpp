// What the choice among kernels, and of their shapes, needs to know of a device.
#ifndef SPARSE24_CUDA_CHIP_HPP
#define SPARSE24_CUDA_CHIP_HPP

namespace s24::cuda {

struct Chip {
  int architecture;  // 90 for sm_90
  int multiprocessors;
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_CHIP_HPP
