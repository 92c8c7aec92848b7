#include "operations.hpp"

#include "fragments.hpp"
#include "layout.hpp"

namespace s24::cuda {

void Library::check_layout(int32_t layout) {
  if (layout < kLayoutRows || layout > kLayoutFragments16) {
    fail(S24_BAD_ARGUMENT, "layout: %d is not one of %d, %d, %d", layout, kLayoutRows, kLayoutFragments,
         kLayoutFragments16);
  }
}

int64_t Library::packed_bytes(const s24_pack24_args &a) {
  const int64_t element = dtype_size(a.dtype);
  int64_t streams = a.n, stream_bytes = 0;  // rows, or blocks of 16 rows, and what each takes
  if (a.layout == kLayoutRows) {
    stream_bytes = RowsLayout(a.k, element).row_bytes;
  } else {
    if (element > (a.layout == kLayoutFragments ? 2 : 1)) {
      fail(S24_BAD_ARGUMENT, "layout: %d has no %s", a.layout, dtype_name(a.dtype));
    }
    streams = row_blocks(a.n);
    stream_bytes = column_blocks(a.k) * tile_bytes(element);
  }
  if (stream_bytes > 0 && streams > INT64_MAX / stream_bytes) {
    fail(S24_BAD_ARGUMENT, "n: %lld rows in %lld pieces of %lld bytes are more than 2^63", static_cast<long long>(a.n),
         static_cast<long long>(streams), static_cast<long long>(stream_bytes));
  }
  return streams * stream_bytes;
}

}  // namespace s24::cuda
