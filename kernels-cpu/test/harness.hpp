// The test's own small harness: checks that count, a seeded random source, buffers between guard pages.
#ifndef SPARSE24_TEST_HARNESS_HPP
#define SPARSE24_TEST_HARNESS_HPP

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "sparse24/s24.h"

namespace s24::test {

extern int checks, failures;

// Fewer shapes: for where each access to memory is watched.
extern bool reduced;

// Counts a check; on failure prints where, and the text.
void expect(bool good, const char *file, int line, const char *format, ...) __attribute__((format(printf, 4, 5)));
#define EXPECT(good, ...) ::s24::test::expect((good), __FILE__, __LINE__, __VA_ARGS__)

struct Random {
  uint64_t state;
  uint64_t next();
  int64_t below(int64_t bound) { return static_cast<int64_t>(next() % static_cast<uint64_t>(bound)); }
  bool flip() { return (next() >> 40 & 1) != 0; }
  float uniform();  // [-1, 1)
  float normal();   // close to N(0, 1): a sum of uniforms
};

// Bytes between two inaccessible pages, touching one of them. Filled with 0xff: NaN in every dtype.
class Guarded {
 public:
  enum Side { kStart, kEnd };  // the page that the bytes touch: the one before or the one behind them
  Guarded(int64_t bytes, Side side);
  ~Guarded();
  Guarded(Guarded &&other) noexcept;
  Guarded(const Guarded &) = delete;
  Guarded &operator=(const Guarded &) = delete;

  template <class T = void>
  T *as() const {
    return reinterpret_cast<T *>(data_);
  }
  int64_t size() const { return bytes_; }
  bool equals(const Guarded &other) const;

 private:
  uint8_t *map_, *data_;
  int64_t map_bytes_, bytes_;
};

// The buffer that an address points into, or where an empty one is; data is null where there is none.
struct Block {
  uint8_t *data;
  int64_t bytes;
};
Block block_of(const void *address);

extern const s24_api *api;

// A context that lives for a scope.
struct Context {
  s24_context *handle = nullptr;
  explicit Context(int threads, s24_context *sibling = nullptr);
  ~Context() { api->context_destroy(handle); }
  Context(const Context &) = delete;
  Context &operator=(const Context &) = delete;
  const char *error() const { return api->last_error(handle); }
};

// The kernels of an operation that can run in this context; with S24_TEST_ISA those of this ISA and, of operations that
// are compared with them, the scalar ones.
std::vector<int32_t> kernels_of(s24_context *ctx, int32_t op);
s24_kernel_info info_of(s24_context *ctx, int32_t id);

// Workspace for these arguments, of exactly the size asked for.
Guarded workspace_for(s24_context *ctx, int32_t op, const void *args);

// Expects the status, and the text to hold `text`.
void expect_status(const Context &ctx, int32_t got, int32_t wanted, const char *text, const char *file, int line);
#define EXPECT_OK(ctx, call) ::s24::test::expect_status((ctx), (call), S24_OK, "", __FILE__, __LINE__)
#define EXPECT_STATUS(ctx, call, wanted, text) \
  ::s24::test::expect_status((ctx), (call), (wanted), (text), __FILE__, __LINE__)

void test_registry();
void test_contexts();
void test_queue();
void test_arguments();
void test_norms(Random &random);
void test_scores(Random &random);
void test_prune(Random &random);
void test_prune_both(Random &random);
void test_convert(Random &random);
void test_multiply(Random &random);
void test_lowrank(Random &random);
void test_finish(Random &random);
void test_extremes(Random &random);
void test_quantize(Random &random);
void test_backward(Random &random);
void test_cast(Random &random);
void test_steps(Random &random);
void test_elements(Random &random);
void test_embed(Random &random);
void test_rmsnorm(Random &random);
void test_rope(Random &random);
void test_cross_entropy(Random &random);
void test_factors(Random &random);
void test_margins(Random &random);
void test_transpose(Random &random);
void test_attention(Random &random);
void test_large(Random &random);
void test_threads(Random &random);

}  // namespace s24::test

#endif  // SPARSE24_TEST_HARNESS_HPP
