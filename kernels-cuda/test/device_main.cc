// The contract's cases on a device, through the library as Java opens it: the operands of a call are copied to device
// memory of their own, of exactly their size, and its results back. So a checker of device memory (compute-sanitizer)
// sees each byte too many, and workspace, which is not copied, is uninitialised to it.
//   s24_cuda_device_test LIBRARY [--reduced] [GROUP...]
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "harness.hpp"

namespace s24::test {
namespace {

const s24_api *library = nullptr;

// What a call's pointers into host memory point to on the device, while the call lasts.
class Operands {
 public:
  Operands(s24_context *ctx, size_t pointers) : ctx_(ctx), left_(pointers) {}
  Operands(const Operands &) = delete;
  Operands &operator=(const Operands &) = delete;
  ~Operands() {
    for (auto &[start, copy] : copies_) must(library->memory_free(ctx_, copy.memory), "memory_free");
  }

  // Of a call's next pointer, the last of `pointers` being the workspace: at the same distance from an aligned address,
  // and in the same memory as others into its buffer. What is in no buffer of the harness, as in wrong calls, stays as
  // it is.
  template <class T>
  T *device(T *host) {
    const bool initialised = --left_ != 0;
    const Block block = block_of(host);
    if (block.data == nullptr) return host;
    auto found = copies_.find(block.data);
    if (found == copies_.end()) {
      const int64_t shift = static_cast<int64_t>(reinterpret_cast<uintptr_t>(block.data) % S24_ALIGNMENT);
      Copy copy{nullptr, shift, block.bytes, false};
      must(library->memory_allocate(ctx_, shift + block.bytes, &copy.memory), "memory_allocate");
      if (initialised) must(library->copy_to_device(ctx_, copy.data(), block.data, block.bytes), "copy_to_device");
      found = copies_.emplace(block.data, copy).first;
    }
    if (!std::is_const_v<T> && initialised) found->second.written = true;
    const auto at = reinterpret_cast<const uint8_t *>(host) - block.data;
    return reinterpret_cast<T *>(found->second.data() + at);
  }

  void bring_back() {
    for (auto &[start, copy] : copies_) {
      if (copy.written) must(library->copy_to_host(ctx_, start, copy.data(), copy.bytes), "copy_to_host");
    }
  }

 private:
  struct Copy {
    void *memory;
    int64_t shift, bytes;
    bool written;
    uint8_t *data() const { return static_cast<uint8_t *>(memory) + shift; }
  };

  void must(int32_t status, const char *what) {
    if (status == S24_OK) return;
    std::printf("%s: status %d: %s\n", what, status, library->last_error(ctx_));
    std::exit(1);  // the device is lost
  }

  s24_context *ctx_;
  size_t left_;
  std::map<uint8_t *, Copy> copies_;
};

// An operation of the table that takes host memory and waits for itself, as a CPU library's does.
template <auto Operation, bool kWorkspace = true>
struct OnDevice;

template <class Args, class... Pointers, int32_t (*s24_api::*Operation)(s24_context *, const Args *, Pointers *...),
          bool kWorkspace>
struct OnDevice<Operation, kWorkspace> {
  static int32_t call(s24_context *ctx, const Args *args, Pointers *...pointers) {
    if (ctx == nullptr) return (library->*Operation)(ctx, args, pointers...);
    Operands operands(ctx, sizeof...(Pointers) + (kWorkspace ? 0 : 1));
    // In braces, so that they are taken in order.
    const std::tuple<Pointers *...> there{operands.device(pointers)...};
    int32_t status =
        std::apply([&](Pointers *...on_device) { return (library->*Operation)(ctx, args, on_device...); }, there);
    if (status != S24_OK) return status;
    status = library->synchronize(ctx);
    operands.bring_back();
    return status;
  }
};

s24_api table_of_host_memory() {
  s24_api table = *library;
  table.accumulate_norms = OnDevice<&s24_api::accumulate_norms>::call;
  table.score = OnDevice<&s24_api::score>::call;
  table.select = OnDevice<&s24_api::select>::call;
  table.prune24 = OnDevice<&s24_api::prune24>::call;
  table.compress24 = OnDevice<&s24_api::compress24>::call;
  table.decompress24 = OnDevice<&s24_api::decompress24>::call;
  table.apply_mask = OnDevice<&s24_api::apply_mask>::call;
  table.pack24 = OnDevice<&s24_api::pack24>::call;
  table.unpack24 = OnDevice<&s24_api::unpack24>::call;
  table.spmm24 = OnDevice<&s24_api::spmm24>::call;
  table.spmm24_lowrank = OnDevice<&s24_api::spmm24_lowrank>::call;
  table.gemm = OnDevice<&s24_api::gemm>::call;
  table.quantize = OnDevice<&s24_api::quantize>::call;
  table.sddmm24 = OnDevice<&s24_api::sddmm24>::call;
  table.double_prune24 = OnDevice<&s24_api::double_prune24>::call;
  table.prune24_both = OnDevice<&s24_api::prune24_both>::call;
  table.cast = OnDevice<&s24_api::cast>::call;
  table.adamw = OnDevice<&s24_api::adamw>::call;
  table.sgd = OnDevice<&s24_api::sgd>::call;
  table.finish_gemm = OnDevice<&s24_api::finish_gemm, false>::call;
  table.refresh24 = OnDevice<&s24_api::refresh24>::call;
  table.transpose = OnDevice<&s24_api::transpose>::call;
  table.axpby = OnDevice<&s24_api::axpby>::call;
  table.embed = OnDevice<&s24_api::embed>::call;
  table.embed_grad = OnDevice<&s24_api::embed_grad>::call;
  table.rmsnorm = OnDevice<&s24_api::rmsnorm>::call;
  table.rmsnorm_grad = OnDevice<&s24_api::rmsnorm_grad>::call;
  table.rope = OnDevice<&s24_api::rope>::call;
  table.attention = OnDevice<&s24_api::attention>::call;
  table.attention_grad = OnDevice<&s24_api::attention_grad>::call;
  table.swiglu = OnDevice<&s24_api::swiglu>::call;
  table.swiglu_grad = OnDevice<&s24_api::swiglu_grad>::call;
  table.cross_entropy = OnDevice<&s24_api::cross_entropy>::call;
  table.margins = OnDevice<&s24_api::margins>::call;
  table.score_factors = OnDevice<&s24_api::score_factors>::call;
  table.prune24_factors = OnDevice<&s24_api::prune24_factors>::call;
  return table;
}

void test_groups(const std::vector<std::string> &wanted, Random &random) {
  const struct {
    const char *name;
    void (*run)(Random &);
  } groups[] = {
      {"arguments", [](Random &) { test_arguments(); }},
      {"norms", test_norms},
      {"scores", test_scores},
      {"prune", test_prune},
      {"prune_both", test_prune_both},
      {"convert", test_convert},
      {"multiply", test_multiply},
      {"lowrank", test_lowrank},
      {"quantize", test_quantize},
      {"backward", test_backward},
      {"cast", test_cast},
      {"steps", test_steps},
      {"finish", test_finish},
      {"elements", test_elements},
      {"embed", test_embed},
      {"rmsnorm", test_rmsnorm},
      {"rope", test_rope},
      {"transpose", test_transpose},
      {"attention", test_attention},
      {"cross_entropy", test_cross_entropy},
      {"factors", test_factors},
      {"margins", test_margins},
  };
  for (const auto &group : groups) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), group.name) == wanted.end()) continue;
    const int before = checks;
    const auto start = std::chrono::steady_clock::now();
    group.run(random);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("%-10s %7d checks %6.2f s\n", group.name, checks - before, seconds.count());
  }
}

}  // namespace
}  // namespace s24::test

int main(int count, char **arguments) {
  using namespace s24::test;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (count < 2) return std::printf("usage: s24_cuda_device_test LIBRARY [--reduced] [GROUP...]\n"), 2;
  void *opened = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (opened == nullptr) return std::printf("%s\n", dlerror()), 1;
  using GetApi = const s24_api *(*)(uint32_t);
  const auto get_api = reinterpret_cast<GetApi>(dlsym(opened, "s24_get_api"));
  if (get_api == nullptr) return std::printf("%s\n", dlerror()), 1;
  library = get_api(S24_ABI_VERSION);
  if (library == nullptr) return std::printf("no table for ABI version %d\n", S24_ABI_VERSION), 1;
  const s24_api table = table_of_host_memory();
  api = &table;
  std::vector<std::string> groups(arguments + 2, arguments + count);
  const auto option = std::find(groups.begin(), groups.end(), "--reduced");
  if (option != groups.end()) {
    reduced = true;
    groups.erase(option);
  }
  const char *wanted = std::getenv("S24_TEST_SEED");
  const uint64_t seed = wanted != nullptr
                            ? std::strtoull(wanted, nullptr, 0)
                            : static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  std::printf("S24_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  Random random{seed};
  test_groups(groups, random);
  std::printf("%d checks, %d failed\n", checks, failures);
  return failures == 0 && checks > 0 ? 0 : 1;
}
