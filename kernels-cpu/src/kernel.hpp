// What a kernel is: for each line of kernels.inc one object with a function of a call (sparse24/calls.hpp).
#ifndef SPARSE24_CPU_KERNEL_HPP
#define SPARSE24_CPU_KERNEL_HPP

#include <cstdint>

#include "sparse24/calls.hpp"
#include "thread_pool.hpp"

namespace s24::cpu {

// run must neither throw from parallel_for nor allocate. workspace, in bytes for that many threads, is null for 0.
template <class Call>
struct KernelOf {
  void (*run)(const Threads &threads, const Call &call);
  int64_t (*workspace)(const typename Call::Args &args, int threads);
};

#define S24_KERNEL(op, dtype, isa, layout) extern const KernelOf<call_of::op> op##_##dtype##_##isa;
#include "kernels.inc"
#undef S24_KERNEL

}  // namespace s24::cpu

#endif  // SPARSE24_CPU_KERNEL_HPP
