#include "operations.hpp"

#include "layout.hpp"
#include "registry.hpp"

namespace s24::cpu {

void Library::check_layout(int32_t layout) {
  if (layout != kLayoutTiles) fail(S24_BAD_ARGUMENT, "layout: %d is not one of %d", layout, kLayoutTiles);
}

int64_t Library::packed_bytes(const s24_pack24_args &a) {
  const TilesLayout layout(a.n, a.k, dtype_size(a.dtype));
  if (layout.tile_bytes > 0 && layout.tiles > INT64_MAX / layout.tile_bytes) {
    fail(S24_BAD_ARGUMENT, "n: %lld rows in tiles of %lld bytes are more than 2^63", static_cast<long long>(a.n),
         static_cast<long long>(layout.tile_bytes));
  }
  return layout.tiles * layout.tile_bytes;
}

}  // namespace s24::cpu
