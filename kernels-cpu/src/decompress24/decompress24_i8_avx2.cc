#include "avx2/convert.hpp"
#include "convert_rows.hpp"

namespace s24::cpu {

const KernelOf<ConvertCall> decompress24_i8_avx2{decompress24_run<Avx2Convert, uint8_t>, nullptr};

}  // namespace s24::cpu
