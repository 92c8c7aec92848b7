#include "cells.cuh"
#include "epilogue.cuh"
#include "operations.hpp"

namespace s24::cuda {
namespace {

// One element of Y a cell.
template <class Y, class Sum>
struct FinishCells {
  Epilogue<Y> epilogue;
  const Sum *sums;
  int64_t stride;

  S24_HD int64_t operator()(int64_t i, int64_t j) const {
    epilogue.finish(i, j, static_cast<float>(sums[i * stride + j]));
    return kNowhere;
  }
};

template <class Y, class Sum>
void finish_cells(const Queue &queue, const FinishCall &call) {
  const s24_gemm_args &a = call.args;
  const Epilogue<Y> epilogue(call.product());
  cells(queue, FinishCells<Y, Sum>{epilogue, static_cast<const Sum *>(call.sums), a.x_stride}, a.m, a.n);
}

template <class Sum>
void finish_cells(const Queue &queue, const FinishCall &call) {
  call.args.y_dtype == S24_BF16 ? finish_cells<Bf16, Sum>(queue, call) : finish_cells<float, Sum>(queue, call);
}

}  // namespace

void Library::finish_gemm(s24_context &ctx, const FinishCall &call) {
  call.args.x_dtype == S24_I8 ? finish_cells<int32_t>(ctx.queue(), call) : finish_cells<float>(ctx.queue(), call);
}

}  // namespace s24::cuda
