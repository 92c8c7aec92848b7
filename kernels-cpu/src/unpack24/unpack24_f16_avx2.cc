#include "avx2/tile.hpp"
#include "unpack24/unpack_tiles.hpp"

namespace s24::cpu {

const KernelOf<PackCall> unpack24_f16_avx2{unpack24_run<Avx2Tile, F16>, nullptr};

}  // namespace s24::cpu
