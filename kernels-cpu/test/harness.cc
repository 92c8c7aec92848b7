#include "harness.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>

namespace s24::test {

int checks = 0, failures = 0;
bool reduced = false;

void expect(bool good, const char *file, int line, const char *format, ...) {
  checks++;
  if (good || ++failures > 50) return;
  const char *slash = std::strrchr(file, '/');
  std::printf("FAILED %s:%d: ", slash == nullptr ? file : slash + 1, line);
  va_list rest;
  va_start(rest, format);
  std::vprintf(format, rest);
  va_end(rest);
  std::printf("\n");
}

// splitmix64
uint64_t Random::next() {
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

float Random::uniform() { return static_cast<float>(next() >> 40) * 0x1p-23f - 1.0f; }

float Random::normal() { return (uniform() + uniform() + uniform()); }

namespace {

// By their first byte; tests with threads make buffers too.
std::map<const uint8_t *, int64_t> blocks;
std::mutex blocks_mutex;

}  // namespace

Block block_of(const void *address) {
  const auto *byte = static_cast<const uint8_t *>(address);
  const std::lock_guard<std::mutex> lock(blocks_mutex);
  auto after = blocks.upper_bound(byte);
  if (after == blocks.begin()) return {nullptr, 0};
  const auto [data, bytes] = *--after;
  const bool inside = byte == data || byte < data + bytes;
  return {inside ? const_cast<uint8_t *>(data) : nullptr, bytes};
}

Guarded::Guarded(int64_t bytes, Side side) : bytes_(bytes) {
  const int64_t page = sysconf(_SC_PAGESIZE), inner = (bytes + page - 1) / page * page;
  map_bytes_ = inner + 2 * page;
  void *map =
      mmap(nullptr, static_cast<size_t>(map_bytes_), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const auto guard = [&](int64_t at) {
    return mprotect(static_cast<uint8_t *>(map) + at, static_cast<size_t>(page), PROT_NONE) == 0;
  };
  if (map == MAP_FAILED || !guard(0) || !guard(page + inner)) {
    std::perror("guard pages");
    std::abort();
  }
  map_ = static_cast<uint8_t *>(map);
  data_ = side == kStart ? map_ + page : map_ + page + inner - bytes;
  if (bytes > 0) std::memset(data_, 0xff, static_cast<size_t>(bytes));
  const std::lock_guard<std::mutex> lock(blocks_mutex);
  blocks[data_] = bytes;
}

Guarded::Guarded(Guarded &&other) noexcept
    : map_(other.map_), data_(other.data_), map_bytes_(other.map_bytes_), bytes_(other.bytes_) {
  other.map_ = nullptr;
}

Guarded::~Guarded() {
  if (map_ == nullptr) return;
  {
    const std::lock_guard<std::mutex> lock(blocks_mutex);
    blocks.erase(data_);
  }
  munmap(map_, static_cast<size_t>(map_bytes_));
}

bool Guarded::equals(const Guarded &other) const {
  return bytes_ == other.bytes_ && (bytes_ == 0 || std::memcmp(data_, other.data_, static_cast<size_t>(bytes_)) == 0);
}

const s24_api *api = nullptr;

Context::Context(int threads, s24_context *sibling) {
  const s24_context_options options{threads, 0, sibling};
  char error[256] = "";
  if (api->context_create(&options, &handle, error, sizeof error) != S24_OK) {
    std::printf("context_create: %s\n", error);
    std::abort();
  }
}

s24_kernel_info info_of(s24_context *ctx, int32_t id) {
  s24_kernel_info info{};
  EXPECT(api->kernel_info(ctx, id, &info) == S24_OK, "kernel_info(%d): %s", id, api->last_error(ctx));
  return info;
}

std::vector<int32_t> kernels_of(s24_context *ctx, int32_t op) {
  const char *isa = std::getenv("S24_TEST_ISA");
  // Products have the oracle, the rest is also compared with the scalar kernels.
  const bool with_scalar = op != S24_OP_SPMM24 && op != S24_OP_GEMM;
  std::vector<int32_t> ids;
  for (int32_t id = 0; id < api->kernel_count(); id++) {
    const s24_kernel_info info = info_of(ctx, id);
    const bool is_scalar = std::strcmp(info.isa, "scalar") == 0;
    if (isa != nullptr && std::strcmp(info.isa, isa) != 0 && !(with_scalar && is_scalar)) continue;
    if (info.available == 1 && info.op == op) ids.push_back(id);
  }
  return ids;
}

Guarded workspace_for(s24_context *ctx, int32_t op, const void *args) {
  int64_t bytes = -1;
  EXPECT(api->workspace_size(ctx, op, args, &bytes) == S24_OK, "workspace_size: %s", api->last_error(ctx));
  EXPECT(bytes >= 0 && bytes % S24_ALIGNMENT == 0, "workspace of %lld bytes", static_cast<long long>(bytes));
  return Guarded(bytes, Guarded::kEnd);
}

void expect_status(const Context &ctx, int32_t got, int32_t wanted, const char *text, const char *file, int line) {
  expect(got == wanted, file, line, "status %d, wanted %d: %s", got, wanted, ctx.error());
  if (*text != '\0') {
    expect(std::strstr(ctx.error(), text) != nullptr, file, line, "'%s' does not say '%s'", ctx.error(), text);
  }
}

}  // namespace s24::test
