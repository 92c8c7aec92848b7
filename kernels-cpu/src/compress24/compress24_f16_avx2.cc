#include "avx2/convert.hpp"
#include "convert_rows.hpp"

namespace s24::cpu {

const KernelOf<ConvertCall> compress24_f16_avx2{compress24_run<Avx2Convert, uint16_t>, nullptr};

}  // namespace s24::cpu
