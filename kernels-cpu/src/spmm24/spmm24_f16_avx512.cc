#include "avx512/tiles.hpp"

namespace s24::cpu {

const KernelOf<GemmCall> spmm24_f16_avx512{multiply_tiles<TilesF32<F16>>, tiles_workspace<TilesF32<F16>>};

}  // namespace s24::cpu
