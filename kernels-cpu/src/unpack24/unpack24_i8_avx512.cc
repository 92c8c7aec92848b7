#include "avx512/tile.hpp"
#include "unpack24/unpack_tiles.hpp"

namespace s24::cpu {

const KernelOf<PackCall> unpack24_i8_avx512{unpack24_run<Avx512Tile, I8>, nullptr};

}  // namespace s24::cpu
