// loss and gradient of rows of logits: a block a row, which it reads for the largest logit and the sum of exponentials
// over it at once (the sum so far is brought to a larger one as it comes), and again for the gradient. A thread writes
// where it has read, so the gradient may be the logits.
#include "check_first.hpp"
#include "memory/elements.hpp"
#include "row_blocks.cuh"
#include "softmax.hpp"

namespace s24::cuda {
namespace {

template <class T>
struct CrossEntropyRows {
  s24_cross_entropy_args a;
  const T *logits;
  const int32_t *targets;
  float *loss;
  T *gradient;  // null where it is not wanted
  bool aligned;

  explicit CrossEntropyRows(const CrossEntropyCall &call)
      : a(call.args),
        logits(static_cast<const T *>(call.logits)),
        targets(call.targets),
        loss(call.loss),
        gradient(static_cast<T *>(call.gradient)),
        aligned(rows_begin_on(16, logits, a.logits_stride * static_cast<int64_t>(sizeof(T))) &&
                (gradient == nullptr ||
                 rows_begin_on(16, gradient, a.gradient_stride * static_cast<int64_t>(sizeof(T))))) {}
};

template <class T>
__device__ void write_zeros(const CrossEntropyRows<T> &op, int64_t row) {
  if (threadIdx.x == 0) op.loss[row] = 0.0f;
  if (op.gradient == nullptr) return;
  over_own<kRowRun<T>>(op.a.cols, op.aligned, [&](int64_t column, auto count) {
    constexpr int kCount = decltype(count)::value;
    const T zeros[kCount] = {};
    store<(kCount > 1)>(op.gradient + row * op.a.gradient_stride + column, zeros);
  });
}

template <class T>
__global__ void run_cross_entropy(CrossEntropyRows<T> op, const Record *record) {
  if (record->place != kNowhere) return;
  const s24_cross_entropy_args &a = op.a;
  for (int64_t row = blockIdx.x; row < a.rows; row += gridDim.x) {
    const int64_t target = op.targets[row];
    if (target < 0) {
      write_zeros(op, row);
      continue;
    }
    const T *x = op.logits + row * a.logits_stride;
    float most = -HUGE_VALF, sum = 0.0f;
    over_own<kRowRun<T>>(a.cols, op.aligned, [&](int64_t column, auto count) {
      constexpr int kCount = decltype(count)::value;
      T elements[kCount];
      load<(kCount > 1)>(elements, x + column);
      float largest = most;
      for (int c = 0; c < kCount; c++) largest = fmaxf(largest, to_float(elements[c]));
      sum *= expf(most - exponent_base(largest));
      most = largest;
      for (int c = 0; c < kCount; c++) sum += expf(to_float(elements[c]) - exponent_base(most));
    });
    const float wanted = to_float(x[target]);
    const float base = exponent_base(over_block(most, [](float one, float other) { return fmaxf(one, other); }));
    sum = sum_over_block(sum * expf(most - base));
    if (threadIdx.x == 0) op.loss[row] = logf(sum) + (base - wanted);
    if (op.gradient == nullptr) continue;
    over_own<kRowRun<T>>(a.cols, op.aligned, [&](int64_t column, auto count) {
      constexpr int kCount = decltype(count)::value;
      T elements[kCount];
      load<(kCount > 1)>(elements, x + column);
      for (int c = 0; c < kCount; c++) {
        const float share = expf(to_float(elements[c]) - base) / sum;
        elements[c] = from_float<T>(a.scale * (column + c == target ? share - 1.0f : share));
      }
      store<(kCount > 1)>(op.gradient + row * a.gradient_stride + column, elements);
    });
  }
}

template <class T>
void run(const Queue &queue, const CrossEntropyCall &call) {
  const s24_cross_entropy_args &a = call.args;
  const IdCells check{call.targets, -1, a.cols, Finding::kTargets};
  cells(queue, check, 1, a.rows);
  launch_row_blocks(queue, a.rows, a.cols, run_cross_entropy<T>, CrossEntropyRows<T>(call), queue.record);
  settle(queue, check);
}

}  // namespace

const KernelOf<CrossEntropyCall> cross_entropy_f32_simt{run<float>, nullptr};
const KernelOf<CrossEntropyCall> cross_entropy_bf16_simt{run<Bf16>, nullptr};
const KernelOf<CrossEntropyCall> cross_entropy_f16_simt{run<F16>, nullptr};

}  // namespace s24::cuda
