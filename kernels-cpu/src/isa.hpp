// Instruction set tiers, and what this machine (CPU and operating system) offers of them.
#ifndef SPARSE24_CPU_ISA_HPP
#define SPARSE24_CPU_ISA_HPP

#include <string>

namespace s24::cpu {

// Rising on each architecture: a tier includes those of its architecture before it.
enum class Isa { scalar, avx2, avx512, avx512vnni, avx512bf16, amx, neon };
constexpr int kIsaCount = 7;

const char *isa_name(Isa isa);

// The highest tier this machine runs, and for the first one it does not, what is missing.
struct Machine {
  Isa best;
  std::string missing;  // "avx512bf16 needs the CPU flag avx512_bf16"; empty where nothing is missing
  std::string cpu_name;
};

const Machine &machine();

// machine().best, lowered to the tier that the environment variable S24_ISA names. An unknown name is an error.
Isa granted_isa();

// Whether a kernel of this tier can run where `granted` was granted, and why it cannot; empty where it can.
bool isa_runs(Isa needed, Isa granted);
std::string isa_reason(Isa needed, Isa granted);

}  // namespace s24::cpu

#endif  // SPARSE24_CPU_ISA_HPP
