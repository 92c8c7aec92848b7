#include "avx512/convert.hpp"
#include "convert_rows.hpp"

namespace s24::cpu {

const KernelOf<ConvertCall> apply_mask_bf16_avx512{apply_mask_run<Avx512Convert, uint16_t>, nullptr};

}  // namespace s24::cpu
