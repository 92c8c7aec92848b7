// What the operations of the function table (sparse24/operations.hpp) need of this library.
#ifndef SPARSE24_CPU_OPERATIONS_HPP
#define SPARSE24_CPU_OPERATIONS_HPP

#include "context.hpp"
#include "registry.hpp"
#include "sparse24/operations.hpp"

namespace s24::cpu {

struct Library {
  template <class Action>
  static int32_t guarded(s24_context *ctx, const Action &action) noexcept {
    return cpu::guarded(ctx, action);
  }

  template <class Call>
  static const KernelOf<Call> &find(const s24_context &ctx, int32_t id, s24_op op, Types types, int32_t layout,
                                    const Extents &) {
    return *std::get<const KernelOf<Call> *>(kernel(find_kernel(id, op, types, layout, ctx.isa)).code);
  }

  template <class Call>
  static int64_t workspace(const s24_context &ctx, const KernelOf<Call> &kernel, const typename Call::Args &args) {
    return kernel.workspace == nullptr ? 0 : kernel.workspace(args, ctx.threads);
  }

  template <class Call>
  static void run(s24_context &ctx, const KernelOf<Call> &kernel, const Call &call) {
    kernel.run(Threads{ctx.pool.get(), ctx.threads}, call);
  }

  static void check_layout(int32_t layout);
  static int64_t packed_bytes(const s24_pack24_args &args);
  static void finish_gemm(s24_context &ctx, const FinishCall &call);
};

}  // namespace s24::cpu

#endif  // SPARSE24_CPU_OPERATIONS_HPP
