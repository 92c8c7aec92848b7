// What a block of a tiled multiplication does: which tile of outputs, and, where tiles are too few for the chip and the
// dimension that is summed over is cut, which part of it.
#ifndef SPARSE24_CUDA_MMA_BLOCK_WORK_HPP
#define SPARSE24_CUDA_MMA_BLOCK_WORK_HPP

#include "chip.hpp"
#include "host_device.hpp"

namespace s24::cuda {

inline int64_t up(int64_t count, int64_t each) { return count / each + (count % each != 0 ? 1 : 0); }

struct Cut {
  int64_t stages_of_part, parts;
};

// Into parts of least_stages or more, where tiles are less than half of blocks_wanted a multiprocessor. Extents may be
// absurd where only a workspace is asked for; then there are blocks enough.
inline Cut cut_of(int64_t stages, int64_t down, int64_t across, int blocks_wanted, int least_stages, const Chip &chip) {
  const int64_t room = int64_t{chip.multiprocessors} * blocks_wanted;
  const int64_t blocks = down < room && across < room ? down * across : room;
  int64_t parts = 1;
  if (blocks > 0) {
    const int64_t fill = room / blocks, deep = stages / least_stages;
    parts = fill < deep ? fill : deep;
    if (parts < 1) parts = 1;
  }
  Cut cut{up(stages, parts), parts};
  if (cut.stages_of_part > 0) cut.parts = up(stages, cut.stages_of_part);
  return cut;
}

// Counts of what lies in memory fit 32 bits.
struct BlockWork {
  unsigned down, across;  // tiles
  int stages, stages_of_part;

  BlockWork(int64_t down, int64_t across, int64_t stages, const Cut &cut)
      : down(static_cast<unsigned>(down)),
        across(static_cast<unsigned>(across)),
        stages(static_cast<int>(stages)),
        stages_of_part(static_cast<int>(cut.stages_of_part)) {}

  // Blocks that run together share rows of both operands: they go down a few tiles, then on across.
  S24_HD void place(unsigned tile, unsigned *down_tile, unsigned *across_tile) const {
    constexpr unsigned kDown = 8;
    const unsigned group = tile / (kDown * across), in_group = tile % (kDown * across);
    const unsigned left = down - group * kDown, rows = left < kDown ? left : kDown;
    *down_tile = group * kDown + in_group % rows;
    *across_tile = in_group / rows;
  }

  S24_HD int first_stage(unsigned part) const { return static_cast<int>(part) * stages_of_part; }
  S24_HD int end_stage(unsigned part) const {
    const int end = first_stage(part) + stages_of_part;
    return end < stages ? end : stages;
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MMA_BLOCK_WORK_HPP
