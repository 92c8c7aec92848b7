// Tensor cores keep only some 14 bits of the running sum of products of two E4M3 (Ada, Hopper). So kernels let them sum
// this many columns, add what comes out to sums in F32, and begin anew from 0.
#ifndef SPARSE24_CUDA_PROMOTION_HPP
#define SPARSE24_CUDA_PROMOTION_HPP

#include "dtype.hpp"
#include "fragments.hpp"

namespace s24::cuda {

constexpr int kPromotedColumns = 128, kPromotedTiles = kPromotedColumns / kTileColumns;

template <class X>
constexpr bool kPromotes = std::is_same_v<X, E4m3>;

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PROMOTION_HPP
