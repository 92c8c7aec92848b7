// What a machine without a usable GPU is told, and what a context says of the one it has.
#include <cuda_runtime_api.h>

#include <cstdlib>
#include <string>

#include "cuda_tests.hpp"
#include "device.hpp"

namespace s24::test {
namespace {

void expect_words(const cuda::DriverFacts &facts, const char *wanted) {
  const std::string words = cuda::unusable(facts);
  EXPECT(words.find(wanted) != std::string::npos, "'%s' does not say '%s'", words.c_str(), wanted);
}

}  // namespace

void test_devices() {
  unsetenv("CUDA_VISIBLE_DEVICES");
  expect_words({0, 13000, cudaErrorInsufficientDriver, 0}, "no NVIDIA driver found (libcuda.so.1)");
  expect_words({12040, 13000, cudaErrorInsufficientDriver, 0}, "supports CUDA 12.4, this library needs CUDA 13.0");
  expect_words({13000, 13000, cudaErrorNoDevice, 0}, "nvidia-smi");
  expect_words({13020, 13000, cudaErrorInitializationError, 0}, "(CUDA 13.2) cannot list its GPUs");
  setenv("CUDA_VISIBLE_DEVICES", "7", 1);
  expect_words({13000, 13000, cudaErrorNoDevice, 0}, "CUDA_VISIBLE_DEVICES is '7'");
  unsetenv("CUDA_VISIBLE_DEVICES");
  EXPECT(cuda::unusable({13000, 13000, cudaSuccess, 1}).empty(), "a usable device is refused");
  EXPECT(cuda::unusable({13000, 13020, cudaSuccess, 1}).empty(), "an older driver of the same major is refused");

  const Context ctx(0), sibling(0, ctx.handle);
  s24_device_info info{};
  EXPECT_OK(sibling, api->device_info(sibling.handle, &info));
  EXPECT(std::string(info.isa) == "sm_90" && info.host_memory == 0 && info.memory_bytes > 0 && info.threads == 1,
         "device_info: '%s' '%s', host_memory %d", info.name, info.isa, info.host_memory);
  s24_context *handle = nullptr;
  char error[128] = "";
  const s24_context_options second{0, 1, nullptr};
  EXPECT(api->context_create(&second, &handle, error, sizeof error) == S24_BAD_ARGUMENT, "device 1 was opened");
  EXPECT(std::string(error) == "device: 1, but the GPUs of this machine are 0..0", "device 1: '%s'", error);

  void *memory = nullptr;
  for (int64_t bytes : {int64_t{0}, int64_t{1}, int64_t{100}}) {
    EXPECT_OK(ctx, api->memory_allocate(ctx.handle, bytes, &memory));
    EXPECT(memory != nullptr && reinterpret_cast<uintptr_t>(memory) % S24_ALIGNMENT == 0, "allocated %p", memory);
    EXPECT_OK(ctx, api->memory_free(ctx.handle, memory));
  }
  EXPECT_OK(ctx, api->memory_free(ctx.handle, nullptr));
  EXPECT_STATUS(ctx, api->memory_allocate(ctx.handle, -1, &memory), S24_BAD_ARGUMENT, "bytes: -1");
  EXPECT_STATUS(ctx, api->memory_allocate(ctx.handle, INT64_MAX, &memory), S24_OUT_OF_MEMORY, "9223372036854775807");
  const char from[4] = "abc";
  EXPECT_OK(ctx, api->copy_to_host(ctx.handle, nullptr, nullptr, 0));
  EXPECT_STATUS(ctx, api->copy_to_host(ctx.handle, nullptr, from, 4), S24_BAD_ARGUMENT, "to_host: null");
  EXPECT_STATUS(ctx, api->copy_to_device(ctx.handle, nullptr, from, 4), S24_BAD_ARGUMENT, "to: null");
}

}  // namespace s24::test
