#include "avx512/tile.hpp"
#include "unpack24/unpack_tiles.hpp"

namespace s24::cpu {

const KernelOf<PackCall> unpack24_f32_avx512{unpack24_run<Avx512Tile, float>, nullptr};

}  // namespace s24::cpu
