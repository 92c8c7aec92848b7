// The real library, opened as Java opens it: it loads without a driver, its table is whole, and where there is no GPU
// it says so. Its path is the argument.
#include <dlfcn.h>

#include <cstdio>
#include <string>

#include "harness.hpp"

namespace s24::test {
namespace {

void test_table() {
  EXPECT(api->abi_version == S24_ABI_VERSION && api->struct_size == sizeof(s24_api), "version %u, size %u",
         api->abi_version, api->struct_size);
  const auto *bytes = reinterpret_cast<const unsigned char *>(api);
  for (size_t at = 2 * sizeof(uint32_t); at < sizeof(s24_api); at += sizeof(void *)) {
    void *function = nullptr;
    std::memcpy(&function, bytes + at, sizeof function);
    EXPECT(function != nullptr, "function %zu of the table is null", (at - 2 * sizeof(uint32_t)) / sizeof(void *));
  }
  EXPECT(std::string(api->library_version()).find('.') != std::string::npos, "version '%s'", api->library_version());
  EXPECT(api->kernel_count() >= 63, "%d kernels", api->kernel_count());
}

void test_without_context() {
  s24_device_info device{};
  s24_kernel_info kernel{};
  int64_t size = 0;
  int32_t id = 0;
  void *memory = nullptr;
  const s24_gemm_args gemm{1, 1, 4, 4, 4, 1, 1, S24_F32, S24_F32, S24_F32, S24_KERNEL_AUTO, 0, 0, 1, 0};
  EXPECT(api->context_destroy(nullptr) == S24_OK, "destroy(null)");
  EXPECT(std::string(api->last_error(nullptr)) == "ctx: null", "last_error(null)");
  for (const int32_t status :
       {api->synchronize(nullptr),
        api->device_info(nullptr, &device),
        api->kernel_info(nullptr, 0, &kernel),
        api->choose_kernel(nullptr, S24_OP_GEMM, S24_F32, S24_F32, -1, 1, 1, 4, &id),
        api->memory_allocate(nullptr, 1, &memory),
        api->memory_free(nullptr, nullptr),
        api->copy_to_device(nullptr, nullptr, nullptr, 0),
        api->copy_to_host(nullptr, nullptr, nullptr, 0),
        api->workspace_size(nullptr, S24_OP_GEMM, &gemm, &size),
        api->packed_size(nullptr, nullptr, &size),
        api->accumulate_norms(nullptr, nullptr, nullptr, nullptr, nullptr),
        api->score(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
        api->select(nullptr, nullptr, nullptr, nullptr, nullptr),
        api->prune24(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
        api->compress24(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
        api->decompress24(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
        api->apply_mask(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
        api->pack24(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
        api->unpack24(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
        api->spmm24(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
        api->gemm(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
        api->quantize(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
        api->sddmm24(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
        api->double_prune24(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
        api->margins(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
        api->score_factors(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
        api->prune24_factors(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
        api->queue(nullptr, &memory),
        api->host_memory_allocate(nullptr, 1, &memory),
        api->host_memory_free(nullptr, nullptr),
        api->copy_to_device_async(nullptr, nullptr, nullptr, 0),
        api->copy_to_host_async(nullptr, nullptr, nullptr, 0),
        api->event_create(nullptr, nullptr),
        api->event_destroy(nullptr, nullptr),
        api->event_record(nullptr, nullptr),
        api->event_wait(nullptr, nullptr),
        api->event_synchronize(nullptr, nullptr),
        api->event_elapsed(nullptr, nullptr, nullptr, nullptr),
        api->capture_begin(nullptr),
        api->capture_end(nullptr, nullptr),
        api->graph_launch(nullptr, nullptr),
        api->graph_destroy(nullptr, nullptr)}) {
    EXPECT(status == S24_BAD_ARGUMENT, "status %d for ctx = null", status);
  }
}

void test_creation() {
  s24_context *handle = nullptr;
  char error[256] = "";
  const s24_context_options first{0, 0, nullptr}, negative{0, -1, nullptr}, threads{-1, 0, nullptr};
  EXPECT(api->context_create(nullptr, &handle, error, sizeof error) == S24_BAD_ARGUMENT, "options=null was taken");
  EXPECT(api->context_create(&first, nullptr, error, sizeof error) == S24_BAD_ARGUMENT, "out=null was taken");
  EXPECT(api->context_create(&threads, &handle, error, sizeof error) == S24_BAD_ARGUMENT, "threads=-1 was taken");
  EXPECT(std::string(error) == "threads: -1 is not in 0..4096", "threads=-1 says '%s'", error);
  EXPECT(api->context_create(&negative, &handle, error, sizeof error) == S24_BAD_ARGUMENT, "device=-1 was taken");
  const int32_t status = api->context_create(&first, &handle, error, sizeof error);
  if (status == S24_OK) {
    std::printf("there is a GPU: what a machine without one is told is not tested\n");
    EXPECT(api->context_destroy(handle) == S24_OK, "destroy");
    return;
  }
  std::printf("no context: %s\n", error);
  EXPECT(status == S24_UNSUPPORTED && handle == nullptr, "status %d", status);
  EXPECT(std::strstr(error, "NVIDIA driver") != nullptr || std::strstr(error, "GPU") != nullptr, "'%s'", error);
  char cut[5] = "";
  EXPECT(api->context_create(&first, &handle, cut, sizeof cut) == S24_UNSUPPORTED && std::strlen(cut) == 4, "'%s'",
         cut);
  EXPECT(api->context_create(&first, &handle, nullptr, 0) == S24_UNSUPPORTED, "no room for an error");
}

}  // namespace
}  // namespace s24::test

int main(int count, char **arguments) {
  using namespace s24::test;
  if (count != 2) return std::printf("usage: s24_cuda_library_test LIBRARY\n"), 2;
  void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return std::printf("%s\n", dlerror()), 1;
  using GetApi = const s24_api *(*)(uint32_t);
  const auto get_api = reinterpret_cast<GetApi>(dlsym(library, "s24_get_api"));
  if (get_api == nullptr) return std::printf("%s\n", dlerror()), 1;
  api = get_api(S24_ABI_VERSION);
  EXPECT(get_api(S24_ABI_VERSION + 1) == nullptr, "a table for an ABI version that does not exist");
  if (api == nullptr) return std::printf("no table for ABI version %d\n", S24_ABI_VERSION), 1;
  test_table();
  test_without_context();
  test_creation();
  std::printf("%d checks, %d failed\n", checks, failures);
  return failures == 0 ? 0 : 1;
}
