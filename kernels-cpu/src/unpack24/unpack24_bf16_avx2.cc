#include "avx2/tile.hpp"
#include "unpack24/unpack_tiles.hpp"

namespace s24::cpu {

const KernelOf<PackCall> unpack24_bf16_avx2{unpack24_run<Avx2Tile, Bf16>, nullptr};

}  // namespace s24::cpu
