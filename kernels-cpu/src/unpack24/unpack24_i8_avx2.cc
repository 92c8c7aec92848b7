#include "avx2/tile.hpp"
#include "unpack24/unpack_tiles.hpp"

namespace s24::cpu {

const KernelOf<PackCall> unpack24_i8_avx2{unpack24_run<Avx2Tile, I8>, nullptr};

}  // namespace s24::cpu
