#include "avx512/convert.hpp"
#include "convert_rows.hpp"

namespace s24::cpu {

const KernelOf<ConvertCall> decompress24_bf16_avx512{decompress24_run<Avx512Convert, uint16_t>, nullptr};

}  // namespace s24::cpu
