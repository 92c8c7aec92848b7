#include "avx512/sddmm24_pairs.hpp"

namespace s24::cpu {

const KernelOf<SddmmCall> sddmm24_bf16_avx512bf16{SddmmPanels<SddmmPairs>::run, SddmmPanels<SddmmPairs>::workspace};

}  // namespace s24::cpu
