#include "isa.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "sparse24/contract.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>

#include <cstdio>
#endif

namespace s24::cpu {
namespace {

// kTiers: those of the architecture this was built for.

#if defined(__x86_64__)

constexpr Isa kTiers[] = {Isa::scalar, Isa::avx2, Isa::avx512, Isa::avx512vnni, Isa::avx512bf16, Isa::amx};

struct Flag {
  Isa tier;
  const char *name;
  uint32_t leaf, subleaf;
  int reg, bit;  // eax, ebx, ecx, edx
};

constexpr Flag kFlags[] = {
    {Isa::avx2, "fma", 1, 0, 2, 12},
    {Isa::avx2, "osxsave", 1, 0, 2, 27},
    {Isa::avx2, "f16c", 1, 0, 2, 29},
    {Isa::avx2, "avx2", 7, 0, 1, 5},
    {Isa::avx512, "avx512f", 7, 0, 1, 16},
    {Isa::avx512, "avx512dq", 7, 0, 1, 17},
    {Isa::avx512, "avx512bw", 7, 0, 1, 30},
    {Isa::avx512, "avx512vl", 7, 0, 1, 31},
    {Isa::avx512vnni, "avx512_vbmi", 7, 0, 2, 1},
    {Isa::avx512vnni, "avx512_vbmi2", 7, 0, 2, 6},
    {Isa::avx512vnni, "avx512_vnni", 7, 0, 2, 11},
    {Isa::avx512bf16, "avx512_bf16", 7, 1, 0, 5},
#if !defined(S24_EMULATE_AMX)  // in tests, where software stands in for the tile registers
    {Isa::amx, "amx_bf16", 7, 0, 3, 22},
    {Isa::amx, "amx_tile", 7, 0, 3, 24},
    {Isa::amx, "amx_int8", 7, 0, 3, 25},
#endif
};

bool has(const Flag &flag) {
  uint32_t regs[4] = {};
  if (__get_cpuid_max(0, nullptr) < flag.leaf) return false;
  if (flag.subleaf != 0) {  // eax of subleaf 0 is the highest subleaf
    __cpuid_count(flag.leaf, 0, regs[0], regs[1], regs[2], regs[3]);
    if (regs[0] < flag.subleaf) return false;
  }
  __cpuid_count(flag.leaf, flag.subleaf, regs[0], regs[1], regs[2], regs[3]);
  return (regs[flag.reg] >> flag.bit & 1) != 0;
}

// Whether the operating system saves these parts of the vector state (bits of XCR0).
constexpr uint32_t kYmm = 0x06, kZmm = 0xe6;  // with XMM; with mask registers and both parts of ZMM
bool os_saves(uint32_t parts) {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & parts) == parts;
}

// AMX also needs the kernel's permission for the process to use tile registers (bits 17 and 18 of XCR0), whose 8 KiB of
// state a thread is only given on demand.
bool may_use_tiles() {
#if defined(S24_EMULATE_AMX)
  return true;
#elif defined(__linux__)
  constexpr uint32_t kTiles = 0x60000;
  constexpr int kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return os_saves(kTiles) && syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

Machine probe() {
  Machine found{Isa::scalar, "", ""};
  char brand[49] = {};
  uint32_t regs[4];
  if (__get_cpuid_max(0x80000000u, nullptr) >= 0x80000004u) {
    for (uint32_t i = 0; i < 3; i++) {
      __cpuid(0x80000002u + i, regs[0], regs[1], regs[2], regs[3]);
      std::memcpy(brand + 16 * i, regs, 16);
    }
  }
  found.cpu_name = brand;
  for (Isa tier : kTiers) {
    for (const Flag &flag : kFlags) {
      if (flag.tier == tier && !has(flag)) {
        found.missing = std::string(isa_name(tier)) + " needs the CPU flag " + flag.name;
        return found;
      }
    }
    if ((tier == Isa::avx2 && !os_saves(kYmm)) || (tier == Isa::avx512 && !os_saves(kZmm))) {
      found.missing = std::string(isa_name(tier)) + " needs an operating system that saves its registers";
      return found;
    }
    if (tier == Isa::amx && !may_use_tiles()) {
      found.missing = "amx needs an operating system that grants the tile registers (Linux 5.16 or newer)";
      return found;
    }
    found.best = tier;
  }
  return found;
}

#elif defined(__aarch64__)

constexpr Isa kTiers[] = {Isa::scalar, Isa::neon};

Machine probe() {
  const unsigned long features = getauxval(AT_HWCAP);
  char name[64] = "aarch64 CPU";
  if ((features & HWCAP_CPUID) != 0) {  // the kernel answers for the register that names the core
    uint64_t midr;                      // bits 31..24: implementer, 15..4: part
    __asm__("mrs %0, midr_el1" : "=r"(midr));
    std::snprintf(name, sizeof name, "aarch64 CPU, implementer 0x%02x, part 0x%03x",
                  static_cast<unsigned>(midr >> 24 & 0xff), static_cast<unsigned>(midr >> 4 & 0xfff));
  }
  if ((features & HWCAP_ASIMD) == 0) return {Isa::scalar, "neon needs the CPU feature asimd", name};
  return {Isa::neon, "", name};
}

#else

constexpr Isa kTiers[] = {Isa::scalar};

Machine probe() { return {Isa::scalar, "", ""}; }

#endif

bool of_this_architecture(Isa isa) { return std::find(std::begin(kTiers), std::end(kTiers), isa) != std::end(kTiers); }

std::string trimmed(const std::string &text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return "unknown CPU";
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

const char *isa_name(Isa isa) {
  switch (isa) {
    case Isa::scalar:
      return "scalar";
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
    case Isa::avx512vnni:
      return "avx512vnni";
    case Isa::avx512bf16:
      return "avx512bf16";
    case Isa::amx:
      return "amx";
    case Isa::neon:
      return "neon";
  }
  return "";
}

const Machine &machine() {
  static const Machine found = [] {
    Machine m = probe();
    m.cpu_name = trimmed(m.cpu_name);
    return m;
  }();
  return found;
}

Isa granted_isa() {
  const char *wanted = std::getenv("S24_ISA");
  if (wanted == nullptr || *wanted == '\0') return machine().best;
  std::string names;
  for (Isa tier : kTiers) {
    if (std::strcmp(wanted, isa_name(tier)) == 0) return std::min(tier, machine().best);
    names += std::string(names.empty() ? "" : ", ") + isa_name(tier);
  }
  fail(S24_BAD_ARGUMENT, "S24_ISA: '%.64s' is not one of %s", wanted, names.c_str());
}

bool isa_runs(Isa needed, Isa granted) { return of_this_architecture(needed) && needed <= granted; }

std::string isa_reason(Isa needed, Isa granted) {
  if (isa_runs(needed, granted)) return "";
  if (!of_this_architecture(needed)) {
    return std::string(isa_name(needed)) + " needs an " + (needed == Isa::neon ? "aarch64" : "x86-64") + " CPU";
  }
  if (needed > machine().best) return machine().missing;
  return std::string("S24_ISA lowered the tier to ") + isa_name(granted);
}

}  // namespace s24::cpu
