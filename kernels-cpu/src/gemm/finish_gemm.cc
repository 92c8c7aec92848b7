#include "epilogue.hpp"
#include "heuristics.hpp"
#include "operations.hpp"

namespace s24::cpu {
namespace {

template <class Sum, class X>
void finish_rows(const Threads &threads, const FinishCall &call) {
  const s24_gemm_args &a = call.args;
  const GemmCall product = call.product();
  parallel_for(threads, a.m, grain(a.n * static_cast<int64_t>(sizeof(Sum)), a.n), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const Sum *sums = static_cast<const Sum *>(call.sums) + i * a.x_stride;
      for (int64_t j = 0; j < a.n; j++) finish<X>(product, i, j, static_cast<float>(sums[j]));
    }
  });
}

}  // namespace

void Library::finish_gemm(s24_context &ctx, const FinishCall &call) {
  const Threads threads{ctx.pool.get(), ctx.threads};
  call.args.x_dtype == S24_I8 ? finish_rows<int32_t, I8>(threads, call) : finish_rows<float, E4m3>(threads, call);
}

}  // namespace s24::cpu
