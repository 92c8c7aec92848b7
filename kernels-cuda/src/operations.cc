#include "operations.hpp"

#include "layout.hpp"

namespace s24::cuda {

void Library::check_layout(int32_t layout) {
  if (layout != kLayoutRows) fail(S24_BAD_ARGUMENT, "layout: %d is not one of %d", layout, kLayoutRows);
}

int64_t Library::packed_bytes(const s24_pack24_args &a) {
  const int64_t row_bytes = RowsLayout(a.k, dtype_size(a.dtype)).row_bytes;
  if (row_bytes > 0 && a.n > INT64_MAX / row_bytes) {
    fail(S24_BAD_ARGUMENT, "n: %lld rows of %lld bytes are more than 2^63", static_cast<long long>(a.n),
         static_cast<long long>(row_bytes));
  }
  return a.n * row_bytes;
}

}  // namespace s24::cuda
