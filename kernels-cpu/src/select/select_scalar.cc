#include "select/rows.hpp"

namespace s24::cpu {

const KernelOf<SelectCall> select_f32_scalar{select_any, nullptr};

}  // namespace s24::cpu
