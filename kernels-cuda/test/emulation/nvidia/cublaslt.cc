// Stands in for cuBLASLt where the device is emulated: of its functions those that the Java side calls, declared here,
// on host memory, with sums in F32, of I8 in I32. It refuses what cuBLASLt refuses, as far as the caller could get it
// wrong: types, what its tensor cores want of extents and addresses in eight bits, vectors of scales before 12.9,
// alignments worse than promised, a workspace that is too small, algorithms that it did not propose. It proposes three:
// the first is right, the second does not run, the third needs a workspace. For k = 1 and for k = 112 in I8 it has
// none.
#include <cstdint>
#include <cstring>

#include "elements.hpp"

namespace {

using namespace s24::emulation::nvidia;

enum Status : int32_t { kSuccess = 0, kInvalidValue = 7, kNotSupported = 15 };
#ifndef EMULATED_CUBLASLT_VERSION
#define EMULATED_CUBLASLT_VERSION 130101
#endif
constexpr bool kScaleVectors = EMULATED_CUBLASLT_VERSION >= 120900;

enum : int32_t {
  kCompute32F = 68,
  kCompute32I = 72,
  kOperationN = 0,
  kOperationT = 1,
  kEpilogueDefault = 1,
  kEpilogueBias = 4
};
enum : int32_t { kDescTransA = 3, kDescTransB = 4, kDescEpilogue = 7, kDescBiasPointer = 8 };
enum : int32_t { kDescScaleA = 17, kDescScaleB = 18, kDescScaleModeA = 31, kDescScaleModeB = 32, kOuterVector = 3 };
enum : int32_t { kPrefWorkspace = 1, kPrefReductions = 3, kPrefAlignmentA = 5, kPrefAlignmentD = 8 };
constexpr uint64_t kProposed = 0x537061727365u;  // in an algorithm of ours
constexpr int64_t kWorkspaceOfThird = 4096;

struct Layout {
  int32_t type;
  int64_t rows, columns, ld;
};
struct Product {
  int32_t compute, scale, a = kOperationN, b = kOperationN, epilogue = kEpilogueDefault;
  const float *bias = nullptr;
  const float *scales[2] = {};
  int32_t modes[2] = {};

  bool scaled() const { return scales[0] != nullptr || scales[1] != nullptr || modes[0] != 0 || modes[1] != 0; }
  bool vectors() const { return modes[0] == kOuterVector; }
};
struct Preference {
  int64_t workspace = 0;
  int32_t reductions = 7;
  int32_t alignment[4] = {256, 256, 256, 256};
};
struct Algorithm {
  uint64_t proposed, number, rows, columns;
  int32_t alignment[4];
  uint64_t left[2];
};
struct Result {
  Algorithm algorithm;
  uint64_t workspace;
  int32_t state;
  float waves;
  int32_t reserved[4];
};
static_assert(sizeof(Algorithm) == 64 && sizeof(Result) == 96, "as cublasLt.h has them");

template <class T>
int32_t set(T *to, const void *from, uint64_t bytes) {
  if (bytes != sizeof(T)) return kInvalidValue;
  std::memcpy(to, from, sizeof(T));
  return kSuccess;
}

bool known(int32_t type) { return type == kR32F || type == kR16F || type == kR16BF; }

bool multiple(const Layout &layout, int64_t of) {
  const int64_t bytes = bytes_of(layout.type);
  return layout.rows * bytes % of == 0 && layout.ld * bytes % of == 0;
}

// What the types of A, and so of B, allow.
bool types_supported(const Product &p, const Layout &a, const Layout &b, const Layout &c, const Layout &d) {
  const bool plain = p.epilogue == kEpilogueDefault;
  switch (a.type) {
    case kR8I:
      return p.compute == kCompute32I && p.scale == kR32I && d.type == kR32I && plain && !p.scaled() &&
             multiple(a, 4) && multiple(b, 4) && d.rows % 4 == 0 && d.ld % 4 == 0;
    case kR8F:
      return p.compute == kCompute32F && p.scale == kR32F && known(d.type) && plain && multiple(a, 16) &&
             multiple(b, 16) && multiple(c, 16) && multiple(d, 16) && p.modes[0] == p.modes[1] &&
             (!p.vectors() || (p.scales[0] != nullptr && p.scales[1] != nullptr));
    default:
      return p.compute == kCompute32F && p.scale == kR32F && known(a.type) && a.type == d.type && !p.scaled() &&
             (plain || (p.epilogue == kEpilogueBias && d.type == kR32F));
  }
}

// Yᵀ = W Xᵀ and nothing else: A is transposed, B is not.
bool supported(const Product &p, const Layout &a, const Layout &b, const Layout &c, const Layout &d) {
  return types_supported(p, a, b, c, d) && p.a == kOperationT && p.b == kOperationN && a.type == b.type &&
         c.type == d.type && a.rows == b.rows && a.columns == d.rows && b.columns == d.columns && c.rows == d.rows &&
         c.columns == d.columns && a.rows > 0 && a.ld >= a.rows && b.ld >= b.rows && c.ld >= c.rows && d.ld >= d.rows;
}

}  // namespace

extern "C" {

uint64_t cublasLtGetVersion() { return EMULATED_CUBLASLT_VERSION; }
const char *cublasLtGetStatusString(int32_t status) {
  return status == kNotSupported ? "emulated: not supported" : "emulated: an invalid value";
}
int32_t cublasLtCreate(void **handle) { return *handle = new int, kSuccess; }
int32_t cublasLtDestroy(void *handle) { return delete static_cast<int *>(handle), kSuccess; }

int32_t cublasLtMatrixLayoutCreate(Layout **out, int32_t type, uint64_t rows, uint64_t columns, int64_t ld) {
  *out = new Layout{type, static_cast<int64_t>(rows), static_cast<int64_t>(columns), ld};
  return kSuccess;
}
int32_t cublasLtMatrixLayoutDestroy(Layout *layout) { return delete layout, kSuccess; }
int32_t cublasLtMatrixLayoutSetAttribute(Layout *, int32_t, const void *, uint64_t) { return kInvalidValue; }

int32_t cublasLtMatmulDescCreate(Product **out, int32_t compute, int32_t scale) {
  *out = new Product;
  (*out)->compute = compute;
  (*out)->scale = scale;
  return kSuccess;
}
int32_t cublasLtMatmulDescDestroy(Product *product) { return delete product, kSuccess; }
int32_t cublasLtMatmulDescSetAttribute(Product *product, int32_t attribute, const void *value, uint64_t bytes) {
  switch (attribute) {
    case kDescTransA:
      return set(&product->a, value, bytes);
    case kDescTransB:
      return set(&product->b, value, bytes);
    case kDescEpilogue:
      return set(&product->epilogue, value, bytes);
    case kDescBiasPointer:
      return set(&product->bias, value, bytes);
    case kDescScaleA:
    case kDescScaleB:
      return set(&product->scales[attribute - kDescScaleA], value, bytes);
    case kDescScaleModeA:
    case kDescScaleModeB:
      return kScaleVectors ? set(&product->modes[attribute - kDescScaleModeA], value, bytes) : kInvalidValue;
    default:
      return kInvalidValue;
  }
}

int32_t cublasLtMatmulPreferenceCreate(Preference **out) { return *out = new Preference, kSuccess; }
int32_t cublasLtMatmulPreferenceDestroy(Preference *preference) { return delete preference, kSuccess; }
int32_t cublasLtMatmulPreferenceSetAttribute(Preference *preference, int32_t attribute, const void *value,
                                             uint64_t bytes) {
  if (attribute == kPrefWorkspace) return set(&preference->workspace, value, bytes);
  if (attribute == kPrefReductions) return set(&preference->reductions, value, bytes);
  if (attribute < kPrefAlignmentA || attribute > kPrefAlignmentD) return kInvalidValue;
  return set(&preference->alignment[attribute - kPrefAlignmentA], value, bytes);
}

int32_t cublasLtMatmulAlgoGetHeuristic(void *, const Product *product, const Layout *a, const Layout *b,
                                       const Layout *c, const Layout *d, const Preference *preference, int32_t capacity,
                                       Result *results, int32_t *count) {
  *count = 0;
  if (!supported(*product, *a, *b, *c, *d) || a->rows == 1 || (a->rows == 112 && a->type == kR8I)) return kNotSupported;
  for (uint64_t number = 1; number <= 3 && *count < capacity; number++) {
    Result &result = results[(*count)++];
    result = Result{};
    result.algorithm = {kProposed, number, static_cast<uint64_t>(d->rows), static_cast<uint64_t>(d->columns), {}, {}};
    std::memcpy(result.algorithm.alignment, preference->alignment, sizeof preference->alignment);
    result.workspace = number == 3 ? kWorkspaceOfThird : 0;
    if (static_cast<int64_t>(result.workspace) > preference->workspace) result.state = kNotSupported;
  }
  return kSuccess;
}

int32_t cublasLtMatmul(void *, const Product *product, const void *alpha, const void *a, const Layout *a_layout,
                       const void *b, const Layout *b_layout, const void *beta, const void *c, const Layout *c_layout,
                       void *d, const Layout *d_layout, const Algorithm *algorithm, void *workspace,
                       uint64_t workspace_bytes, void *) {
  if (!supported(*product, *a_layout, *b_layout, *c_layout, *d_layout)) return kNotSupported;
  if (algorithm->proposed != kProposed || algorithm->rows != static_cast<uint64_t>(d_layout->rows) ||
      algorithm->columns != static_cast<uint64_t>(d_layout->columns)) {
    return kInvalidValue;
  }
  const void *operands[] = {a, b, c, d};
  const Layout *layouts[] = {a_layout, b_layout, c_layout, d_layout};
  for (int i = 0; i < 4; i++) {
    const int64_t promised = algorithm->alignment[i];
    if (a_layout->type == kR8F && !aligned(operands[i], 16)) return kInvalidValue;
    if (!aligned(operands[i], promised) || layouts[i]->ld * bytes_of(layouts[i]->type) % promised != 0) {
      return kInvalidValue;
    }
  }
  if (algorithm->number == 2) return kNotSupported;
  if (algorithm->number == 3) {
    if (workspace_bytes < kWorkspaceOfThird || !aligned(workspace, 256)) return kInvalidValue;
    std::memset(workspace, 0xff, kWorkspaceOfThird);
  }
  if (c == d && c_layout->ld != d_layout->ld) return kInvalidValue;
  const bool integer = d_layout->type == kR32I;
  if (integer) {
    // Others are possible, but not asked for.
    if (*static_cast<const int32_t *>(alpha) != 1 || *static_cast<const int32_t *>(beta) != 0) return kNotSupported;
  }
  const float times = integer ? 1 : *static_cast<const float *>(alpha);
  const float times_c = integer ? 0 : *static_cast<const float *>(beta);
  const bool bias = product->epilogue == kEpilogueBias;
  if (bias && product->bias == nullptr) return kInvalidValue;
  for (int64_t j = 0; j < d_layout->columns; j++) {
    for (int64_t i = 0; i < d_layout->rows; i++) {
      Sum sum{a_layout->type};
      for (int64_t p = 0; p < a_layout->rows; p++) sum.add(a, i * a_layout->ld + p, b, j * b_layout->ld + p);
      if (integer) {
        static_cast<int32_t *>(d)[j * d_layout->ld + i] = sum.integer;
        continue;
      }
      float value = times * sum.value();
      for (int side = 0; side < 2; side++) {
        if (product->scales[side] != nullptr)
          value *= product->scales[side][product->vectors() ? (side == 0 ? i : j) : 0];
      }
      if (times_c != 0) value += times_c * load(c, j * c_layout->ld + i, c_layout->type);
      if (bias) value += product->bias[i];
      store(d, j * d_layout->ld + i, d_layout->type, value);
    }
  }
  return kSuccess;
}

}  // extern "C"
