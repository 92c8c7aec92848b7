#include "avx2/tile.hpp"
#include "pack24/pack_tiles.hpp"

namespace s24::cpu {

const KernelOf<PackCall> pack24_i8_avx2{pack24_run<Avx2Tile, I8>, nullptr};

}  // namespace s24::cpu
