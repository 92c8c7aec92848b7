#include "avx512/bf16.hpp"

namespace s24::cpu {

const KernelOf<GemmCall> spmm24_bf16_avx512bf16{multiply_tiles<TilesBf16>, tiles_workspace<TilesBf16>};

}  // namespace s24::cpu
