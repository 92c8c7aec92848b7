// How the wgmma kernel cuts a product: tiles of 256 rows of W by 128 rows of X, which a block computes one after the
// other; stages of 128 bytes of a row of X, in which they come to shared memory.
//
// A multiplication reads its 128 rows of X from shared memory however many rows of W it meets there, so more rows of W
// a block are what spares copies into shared memory; 128 rows of W a warpgroup are what its registers hold sums for.
#ifndef SPARSE24_CUDA_SPMM24_WGMMA_TILE_HPP
#define SPARSE24_CUDA_SPMM24_WGMMA_TILE_HPP

#include <cstdint>

#include "host_device.hpp"

namespace s24::cuda {

constexpr int kWRows = 256, kXRows = 128;

// Tiles in bands of 12 tiles along m, in a band by rising rows of W. The 132 blocks of an H100 are so at 12 tiles of X
// and 11 of W, whose bytes are about the fewest that 132 tiles can need, and go on to the next rows of W with the same
// rows of X.
struct TileOrder {
  static constexpr int64_t kBand = 12;

  int64_t w_tiles, x_tiles;

  TileOrder(int64_t m, int64_t n) : w_tiles((n + kWRows - 1) / kWRows), x_tiles((m + kXRows - 1) / kXRows) {}

  S24_HD int64_t count() const { return w_tiles * x_tiles; }

  struct Tile {
    int64_t first_w_row, first_x_row;
  };

  S24_HD Tile tile(int64_t index) const {
    const int64_t band = index / (kBand * w_tiles), first = band * kBand;
    const int64_t width = x_tiles - first < kBand ? x_tiles - first : kBand;
    const int64_t in_band = index - first * w_tiles;
    return {in_band / width * kWRows, (first + in_band % width) * kXRows};
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_SPMM24_WGMMA_TILE_HPP
