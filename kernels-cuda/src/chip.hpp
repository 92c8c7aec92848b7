// What the choice among kernels, and of their shapes, needs to know of a device.
#ifndef SPARSE24_CUDA_CHIP_HPP
#define SPARSE24_CUDA_CHIP_HPP

#include "heuristics.hpp"

namespace s24::cuda {

struct Chip {
  int architecture;  // 90 for sm_90
  int multiprocessors;
  Heuristics heuristics;  // of the context; a device has its architecture's
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_CHIP_HPP
