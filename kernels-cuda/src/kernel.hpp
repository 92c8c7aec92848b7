// What a kernel is: for each line of kernels.inc one object with a function of a call (sparse24/calls.hpp).
#ifndef SPARSE24_CUDA_KERNEL_HPP
#define SPARSE24_CUDA_KERNEL_HPP

#include <driver_types.h>

#include <cstdint>

#include "chip.hpp"
#include "finding.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

// Where a call's kernels go. They run in the order they were launched in.
struct Queue {
  Chip chip;
  cudaStream_t stream;
  Record *record;  // on the device
  bool *unread;    // set by a launch that may leave a finding
};

// run launches and returns; it neither waits nor allocates. workspace, in bytes, is null for 0.
template <class Call>
struct KernelOf {
  void (*run)(const Queue &queue, const Call &call);
  int64_t (*workspace)(const typename Call::Args &args, const Chip &chip);
};

#define S24_KERNEL(op, dtype, isa, layout) extern const KernelOf<call_of::op> op##_##dtype##_##isa;
#include "kernels.inc"
#undef S24_KERNEL

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_KERNEL_HPP
