#include "avx2/convert.hpp"
#include "convert_rows.hpp"

namespace s24::cpu {

const KernelOf<ConvertCall> apply_mask_e4m3_avx2{apply_mask_run<Avx2Convert, uint8_t>, nullptr};

}  // namespace s24::cpu
