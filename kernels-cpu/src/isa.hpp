// Instruction set tiers, and what this machine (CPU and operating system) offers of them.
#ifndef SPARSE24_CPU_ISA_HPP
#define SPARSE24_CPU_ISA_HPP

#include <string>

namespace s24::cpu {

// Rising: a tier includes those before it.
enum class Isa { scalar, avx2, avx512, avx512bf16, amx };
constexpr int kIsaCount = 5;

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

// Why a kernel of this tier cannot run where `granted` was granted; empty where it can.
std::string isa_reason(Isa needed, Isa granted);

}  // namespace s24::cpu

#endif  // SPARSE24_CPU_ISA_HPP
