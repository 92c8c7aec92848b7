// Stands in for cuBLASLt where the device is emulated: of its functions those that the Java side calls, declared here,
// on host memory, with sums in F32. It refuses what cuBLASLt refuses, as far as the caller could get it wrong: types,
// alignments worse than promised, a workspace that is too small, algorithms that it did not propose. It proposes three:
// the first is right, the second does not run, the third needs a workspace. For k = 1 it has none.
#include <cstdint>
#include <cstring>

#include "elements.hpp"

namespace {

using namespace s24::emulation::nvidia;

enum Status : int32_t { kSuccess = 0, kInvalidValue = 7, kNotSupported = 15 };
enum : int32_t { kCompute32F = 68, kOperationN = 0, kOperationT = 1, kEpilogueDefault = 1, kEpilogueBias = 4 };
enum : int32_t { kDescTransA = 3, kDescTransB = 4, kDescEpilogue = 7, kDescBiasPointer = 8 };
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

// Yᵀ = W Xᵀ and nothing else: A is transposed, B is not.
bool supported(const Product &p, const Layout &a, const Layout &b, const Layout &c, const Layout &d) {
  return p.compute == kCompute32F && p.scale == kR32F && p.a == kOperationT && p.b == kOperationN && known(a.type) &&
         a.type == b.type && a.type == c.type && a.type == d.type && a.rows == b.rows && a.columns == d.rows &&
         b.columns == d.columns && c.rows == d.rows && c.columns == d.columns && a.rows > 0 && a.ld >= a.rows &&
         b.ld >= b.rows && c.ld >= c.rows && d.ld >= d.rows &&
         (p.epilogue == kEpilogueDefault || (p.epilogue == kEpilogueBias && d.type == kR32F));
}

}  // namespace

extern "C" {

uint64_t cublasLtGetVersion() { return 130101; }
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
  if (!supported(*product, *a, *b, *c, *d) || a->rows == 1) return kNotSupported;
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

int32_t cublasLtMatmul(void *, const Product *product, const float *alpha, const void *a, const Layout *a_layout,
                       const void *b, const Layout *b_layout, const float *beta, const void *c, const Layout *c_layout,
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
  const bool bias = product->epilogue == kEpilogueBias;
  if (bias && product->bias == nullptr) return kInvalidValue;
  for (int64_t j = 0; j < d_layout->columns; j++) {
    for (int64_t i = 0; i < d_layout->rows; i++) {
      float sum = 0;
      for (int64_t p = 0; p < a_layout->rows; p++) {
        sum += load(a, i * a_layout->ld + p, a_layout->type) * load(b, j * b_layout->ld + p, b_layout->type);
      }
      float value = *alpha * sum;
      if (*beta != 0) value += *beta * load(c, j * c_layout->ld + i, c_layout->type);
      if (bias) value += product->bias[i];
      store(d, j * d_layout->ld + i, d_layout->type, value);
    }
  }
  return kSuccess;
}

}  // extern "C"
