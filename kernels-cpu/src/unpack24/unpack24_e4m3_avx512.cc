#include "avx512/tile.hpp"
#include "unpack24/unpack_tiles.hpp"

namespace s24::cpu {

const KernelOf<PackCall> unpack24_e4m3_avx512{unpack24_run<Avx512Tile, E4m3>, nullptr};

}  // namespace s24::cpu
