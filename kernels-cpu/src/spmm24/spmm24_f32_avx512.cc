#include "avx512/tiles.hpp"

namespace s24::cpu {

const KernelOf<GemmCall> spmm24_f32_avx512{multiply_tiles<TilesF32<float>>, tiles_workspace<TilesF32<float>>};

}  // namespace s24::cpu
