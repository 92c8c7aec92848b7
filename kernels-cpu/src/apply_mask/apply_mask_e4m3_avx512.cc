#include "avx512/convert.hpp"
#include "convert_rows.hpp"

namespace s24::cpu {

const KernelOf<ConvertCall> apply_mask_e4m3_avx512{apply_mask_run<Avx512Convert, uint8_t>, nullptr};

}  // namespace s24::cpu
