// The gradient dY^T X at kept positions, the two of a group of four a cell: neighbours read the same of dY and
// neighbouring columns of X. Only kept columns are read. A group whose mask has not two bits writes nothing.
#ifndef SPARSE24_CUDA_SDDMM24_CELLS_HPP
#define SPARSE24_CUDA_SDDMM24_CELLS_HPP

#include "sddmm24/sddmm24_output.hpp"

namespace s24::cuda {

template <class T>
struct SddmmCells {
  s24_sddmm24_args a;
  const T *dy, *x;
  SddmmOutput output;

  explicit SddmmCells(const SddmmCall &call)
      : a(call.args), dy(static_cast<const T *>(call.dy)), x(static_cast<const T *>(call.x)), output(call) {}

  S24_HD int64_t operator()(int64_t row, int64_t group) const {
    const int64_t place = output.mask.place(row, group);
    if (place != kNowhere) return place;
    const unsigned nibble = output.mask.nibble(row, group);
    const int64_t first = group * 4 + first_kept(nibble), second = group * 4 + second_kept(nibble);
    float sums[2] = {};
    for (int64_t i = 0; i < a.m; i++) {
      const float gradient = to_float(dy[i * a.dy_stride + row]);
      sums[0] += gradient * to_float(x[i * a.x_stride + first]);
      sums[1] += gradient * to_float(x[i * a.x_stride + second]);
    }
    for (int s = 0; s < 2; s++) output.finish(row, group * 2 + s, sums[s]);
    return kNowhere;
  }

  S24_HD Finding explain(int64_t place) const { return output.mask.explain(place); }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_SDDMM24_CELLS_HPP
