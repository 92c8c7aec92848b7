// What of the multiplications by mma.sp and mma depends on the architecture.
#ifndef SPARSE24_CUDA_HEURISTICS_MMA_TUNING_HPP
#define SPARSE24_CUDA_HEURISTICS_MMA_TUNING_HPP

namespace s24::cuda {

struct MmaTuning {
  int blocks;        // that a multiprocessor should have; where there are not half as many, what is summed over is cut
  int least_stages;  // that a part of it should have, for its pipeline to fill
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_HEURISTICS_MMA_TUNING_HPP
