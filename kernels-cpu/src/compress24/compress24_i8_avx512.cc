#include "avx512/convert.hpp"
#include "convert_rows.hpp"

namespace s24::cpu {

const KernelOf<ConvertCall> compress24_i8_avx512{compress24_run<Avx512Convert, uint8_t>, nullptr};

}  // namespace s24::cpu
