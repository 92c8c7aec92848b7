// Stands in for cuSPARSELt where the device is emulated: of its functions those that the Java side calls, declared
// here, on host memory, with sums in F32, of I8 in I32. Structs are the caller's, zeroed by him, and refer to each
// other, as cuSPARSELt's do. It refuses what cuSPARSELt refuses: multiples, alignments, what was not initialised, a
// weight that is not 2:4 (where cuSPARSELt says nothing). Its compressed form is its own too: words of values and
// places that nobody else reads.
#include <cstdint>
#include <cstring>

#include "elements.hpp"

namespace {

using namespace s24::emulation::nvidia;

enum Status : int32_t { kSuccess = 0, kNotInitialised = 1, kInvalidValue = 3, kNotSupported = 10 };
enum : int32_t { kOrderColumn = 1, kOrderRow = 2, kCompute32I = 0, kCompute32F = 2 };
enum : int32_t { kConfig = 0, kMostConfigs = 1, kIterations = 2, kSplitK = 3, kSplitMode = 4, kSplitBuffers = 5 };
constexpr uint64_t kHandle = 0x48616e64, kMatrix = 0x4d617472, kProduct = 0x50726f64, kAlgorithm = 0x416c676f,
                   kPlan = 0x506c616e, kCompressed = 0x436f6d70;
constexpr int64_t kWorkspace = 512, kScratch = 256, kHead = 32;

struct Handle {
  uint64_t kind;
};
struct Matrix {
  uint64_t kind;
  int64_t rows, columns, ld;
  int32_t type, order;
  bool sparse;
};
struct Product {
  uint64_t kind;
  const Matrix *a, *b, *c, *d;
};
struct Algorithm {
  uint64_t kind;
  const Product *product;
  int32_t values[6];
};
struct Plan {
  uint64_t kind;
  const Product *product;
  Algorithm *algorithm;
};
// The compressed form's head; behind it for each group of four a pair of values and a pair of places.
struct Head {
  uint64_t kind;
  int64_t rows, columns, type;
};
struct Group {
  uint16_t values[2];
  uint16_t places[2];
};
static_assert(sizeof(Head) == kHead, "behind it groups are aligned");

template <class T>
bool is(const T *thing, uint64_t kind) {
  return thing != nullptr && thing->kind == kind;
}

int32_t describe(const Handle *handle, Matrix *out, int64_t rows, int64_t columns, int64_t ld, uint32_t alignment,
                 int32_t type, int32_t order, bool sparse) {
  if (!is(handle, kHandle)) return kNotInitialised;
  const int64_t multiple = (sparse ? 32 : 16) / bytes_of(type);
  if (alignment % 16 != 0 || (sparse && bytes_of(type) == 4)) return kNotSupported;
  if (rows <= 0 || columns <= 0 || rows % multiple != 0 || columns % multiple != 0 || ld % multiple != 0 ||
      ld < (order == kOrderRow ? columns : rows)) {
    return kInvalidValue;
  }
  *out = {kMatrix, rows, columns, ld, type, order, sparse};
  return kSuccess;
}

int64_t groups_of(const Matrix &a) { return a.rows * a.columns / 4; }

int32_t multiply(const Handle *handle, const Plan *plan, const float *alpha, const void *a, const void *b,
                 const float *beta, const void *c, void *d, void *workspace, const void *const *streams,
                 int32_t stream_count) {
  if (!is(handle, kHandle) || !is(plan, kPlan) || !is(plan->product, kProduct)) return kNotInitialised;
  const Product &p = *plan->product;
  const auto *head = static_cast<const Head *>(a);
  const auto *groups = reinterpret_cast<const Group *>(head + 1);
  if (!aligned(a, 16) || !aligned(b, 16) || !aligned(c, 16) || !aligned(d, 16) || !is(head, kCompressed) ||
      head->rows != p.a->rows || head->columns != p.a->columns || head->type != p.a->type || workspace == nullptr ||
      stream_count != 1 || streams == nullptr) {
    return kInvalidValue;
  }
  std::memset(workspace, 0xff, kWorkspace);
  const int64_t per_row = p.a->columns / 4;
  for (int64_t j = 0; j < p.d->columns; j++) {
    for (int64_t i = 0; i < p.d->rows; i++) {
      Sum sum{p.a->type};
      for (int64_t g = 0; g < per_row; g++) {
        const Group &group = groups[i * per_row + g];
        for (int t = 0; t < 2; t++) {
          sum.add(&group.values[t], 0, b, j * p.b->ld + 4 * g + group.places[t]);
        }
      }
      float value = *alpha * sum.value();
      if (*beta != 0) value += *beta * load(c, j * p.c->ld + i, p.c->type);
      store(d, j * p.d->ld + i, p.d->type, value);
    }
  }
  return kSuccess;
}

}  // namespace

extern "C" {

int32_t cusparseLtGetProperty(int32_t property, int32_t *out) {
  constexpr int32_t kVersion[] = {0, 8, 1};
  return *out = kVersion[property], kSuccess;
}
const char *cusparseLtGetErrorString(int32_t status) {
  return status == kInvalidValue ? "emulated: an invalid value" : "emulated: not supported, or not initialised";
}
int32_t cusparseLtInit(Handle *handle) { return handle->kind = kHandle, kSuccess; }
int32_t cusparseLtDestroy(Handle *handle) {
  if (!is(handle, kHandle)) return kNotInitialised;
  return handle->kind = 0, kSuccess;
}

int32_t cusparseLtDenseDescriptorInit(const Handle *handle, Matrix *out, int64_t rows, int64_t columns, int64_t ld,
                                      uint32_t alignment, int32_t type, int32_t order) {
  return describe(handle, out, rows, columns, ld, alignment, type, order, false);
}
int32_t cusparseLtStructuredDescriptorInit(const Handle *handle, Matrix *out, int64_t rows, int64_t columns, int64_t ld,
                                           uint32_t alignment, int32_t type, int32_t order, int32_t) {
  return describe(handle, out, rows, columns, ld, alignment, type, order, true);
}
int32_t cusparseLtMatDescSetAttribute(const Handle *, Matrix *, int32_t, const void *, uint64_t) {
  return kNotSupported;
}
int32_t cusparseLtMatDescriptorDestroy(Matrix *matrix) {
  if (!is(matrix, kMatrix)) return kNotInitialised;
  return matrix->kind = 0, kSuccess;
}

int32_t cusparseLtMatmulDescriptorInit(const Handle *handle, Product *out, int32_t op_a, int32_t op_b, const Matrix *a,
                                       const Matrix *b, const Matrix *c, const Matrix *d, int32_t compute) {
  if (!is(handle, kHandle) || !is(a, kMatrix) || !is(b, kMatrix) || !is(c, kMatrix) || !is(d, kMatrix)) {
    return kNotInitialised;
  }
  if (op_a != 0 || op_b != 0 || compute != (a->type == kR8I ? kCompute32I : kCompute32F) || !a->sparse ||
      a->order != kOrderRow || b->order != kOrderColumn || c->order != kOrderColumn || d->order != kOrderColumn ||
      a->columns != b->rows || a->rows != d->rows || b->columns != d->columns || c->rows != d->rows ||
      c->columns != d->columns || b->type != a->type || c->type != d->type ||
      d->type != (a->type == kR8I   ? kR32I
                  : a->type == kR8F ? kR32F
                                    : a->type)) {
    return kNotSupported;
  }
  *out = {kProduct, a, b, c, d};
  return kSuccess;
}
int32_t cusparseLtMatmulDescSetAttribute(const Handle *, Product *, int32_t, const void *, uint64_t) {
  return kNotSupported;
}

int32_t cusparseLtMatmulAlgSelectionInit(const Handle *handle, Algorithm *out, const Product *product, int32_t) {
  if (!is(handle, kHandle) || !is(product, kProduct)) return kNotInitialised;
  *out = {kAlgorithm, product, {0, 4, 5, 1, 0, 0}};
  return kSuccess;
}
int32_t cusparseLtMatmulAlgSelectionDestroy(Algorithm *algorithm) {
  if (!is(algorithm, kAlgorithm)) return kNotInitialised;
  return algorithm->kind = 0, kSuccess;
}
int32_t cusparseLtMatmulAlgSetAttribute(const Handle *, Algorithm *algorithm, int32_t attribute, const void *value,
                                        uint64_t bytes) {
  if (!is(algorithm, kAlgorithm)) return kNotInitialised;
  if (bytes != 4 || attribute < kConfig || attribute > kSplitBuffers || attribute == kMostConfigs) {
    return kInvalidValue;
  }
  std::memcpy(&algorithm->values[attribute], value, bytes);
  return kSuccess;
}
int32_t cusparseLtMatmulAlgGetAttribute(const Handle *, const Algorithm *algorithm, int32_t attribute, void *value,
                                        uint64_t bytes) {
  if (!is(algorithm, kAlgorithm)) return kNotInitialised;
  if (bytes != 4 || attribute < kConfig || attribute > kSplitBuffers) return kInvalidValue;
  std::memcpy(value, &algorithm->values[attribute], bytes);
  return kSuccess;
}

int32_t cusparseLtMatmulPlanInit(const Handle *handle, Plan *out, const Product *product, Algorithm *algorithm) {
  if (!is(handle, kHandle) || !is(product, kProduct) || !is(algorithm, kAlgorithm)) return kNotInitialised;
  *out = {kPlan, product, algorithm};
  return kSuccess;
}
int32_t cusparseLtMatmulPlanDestroy(Plan *plan) {
  if (!is(plan, kPlan)) return kNotInitialised;
  return plan->kind = 0, kSuccess;
}
int32_t cusparseLtMatmulGetWorkspace(const Handle *, const Plan *plan, uint64_t *bytes) {
  if (!is(plan, kPlan)) return kNotInitialised;
  return *bytes = kWorkspace, kSuccess;
}

int32_t cusparseLtSpMMACompressedSize(const Handle *, const Plan *plan, uint64_t *compressed, uint64_t *scratch) {
  if (!is(plan, kPlan)) return kNotInitialised;
  *compressed = static_cast<uint64_t>(kHead + groups_of(*plan->product->a) * int64_t{sizeof(Group)});
  *scratch = kScratch;
  return kSuccess;
}
int32_t cusparseLtSpMMACompress(const Handle *, const Plan *plan, const void *dense, void *compressed, void *scratch,
                                void *) {
  if (!is(plan, kPlan)) return kNotInitialised;
  const Matrix &a = *plan->product->a;
  if (!aligned(dense, 16) || !aligned(compressed, 16) || !aligned(scratch, 16)) return kInvalidValue;
  std::memset(scratch, 0xff, kScratch);
  auto *head = static_cast<Head *>(compressed);
  auto *groups = reinterpret_cast<Group *>(head + 1);
  *head = {kCompressed, a.rows, a.columns, a.type};
  const int64_t bytes = bytes_of(a.type);
  for (int64_t i = 0; i < a.rows; i++) {
    for (int64_t g = 0; g < a.columns / 4; g++) {
      Group group{{0, 0}, {0, 1}};
      int kept = 0;
      for (uint16_t t = 0; t < 4; t++) {
        const int64_t at = i * a.ld + 4 * g + t;
        if (load(dense, at, a.type) == 0) continue;
        if (kept == 2) return kInvalidValue;
        std::memcpy(&group.values[kept], static_cast<const char *>(dense) + at * bytes, static_cast<size_t>(bytes));
        group.places[kept++] = t;
      }
      groups[i * (a.columns / 4) + g] = group;
    }
  }
  return kSuccess;
}

int32_t cusparseLtMatmul(const Handle *handle, const Plan *plan, const float *alpha, const void *a, const void *b,
                         const float *beta, const void *c, void *d, void *workspace, const void *const *streams,
                         int32_t stream_count) {
  return multiply(handle, plan, alpha, a, b, beta, c, d, workspace, streams, stream_count);
}

// Overwrites D, and finds another algorithm than the default.
int32_t cusparseLtMatmulSearch(const Handle *handle, Plan *plan, const float *alpha, const void *a, const void *b,
                               const float *beta, const void *c, void *d, void *workspace, const void *const *streams,
                               int32_t stream_count) {
  if (c == d) return kInvalidValue;
  const int32_t status = multiply(handle, plan, alpha, a, b, beta, c, d, workspace, streams, stream_count);
  if (status == kSuccess) {
    plan->algorithm->values[kConfig] = 3;
    plan->algorithm->values[kSplitK] = 2;
    plan->algorithm->values[kSplitMode] = 1;
  }
  return status;
}

}  // extern "C"
