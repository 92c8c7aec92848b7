#include "avx512/tile.hpp"
#include "pack24/pack_tiles.hpp"

namespace s24::cpu {

const KernelOf<PackCall> pack24_i8_avx512{pack24_run<Avx512Tile, I8>, nullptr};

}  // namespace s24::cpu
