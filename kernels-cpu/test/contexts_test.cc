// Contexts, siblings, memory.
#include <cstdint>
#include <cstdio>
#include <string>

#include "harness.hpp"

namespace s24::test {

void test_contexts() {
  const Context one(1), five(5), all(0);
  s24_device_info device{};
  EXPECT_OK(five, api->device_info(five.handle, &device));
  EXPECT(device.threads == 5 && device.host_memory == 1 && device.name[0] != '\0', "device_info: %d threads on '%s'",
         device.threads, device.name);
  EXPECT_OK(all, api->device_info(all.handle, &device));
  EXPECT(device.threads >= 1, "threads=0 gave %d", device.threads);
  {
    const Context lesser(2, five.handle), greater(9, five.handle), same(0, five.handle);
    EXPECT_OK(lesser, api->device_info(lesser.handle, &device));
    EXPECT(device.threads == 2, "a sibling of 5 threads that wanted 2 has %d", device.threads);
    EXPECT_OK(greater, api->device_info(greater.handle, &device));
    EXPECT(device.threads == 5, "a sibling of 5 threads that wanted 9 has %d", device.threads);
    EXPECT_OK(same, api->device_info(same.handle, &device));
    EXPECT(device.threads == 5, "a sibling of 5 threads has %d", device.threads);
  }
  EXPECT(one.error()[0] == '\0', "a new context has the error '%s'", one.error());
  EXPECT_OK(one, api->synchronize(one.handle));
  EXPECT(std::string(api->library_version()).find('.') != std::string::npos, "version '%s'", api->library_version());
  EXPECT(api->context_destroy(nullptr) == S24_OK, "destroy(null)");
  EXPECT(api->synchronize(nullptr) == S24_BAD_ARGUMENT, "synchronize(null)");

  s24_context *handle = nullptr;
  char error[128] = "";
  const s24_context_options negative{-1, 0, nullptr};
  EXPECT(api->context_create(&negative, &handle, error, sizeof error) == S24_BAD_ARGUMENT, "threads=-1 was taken");
  EXPECT(std::string(error) == "threads: -1 is not in 0..4096", "threads=-1 says '%s'", error);
  EXPECT(api->context_create(nullptr, &handle, error, sizeof error) == S24_BAD_ARGUMENT, "options=null was taken");
  EXPECT(api->context_create(&negative, nullptr, error, sizeof error) == S24_BAD_ARGUMENT, "out=null was taken");

  void *memory = nullptr;
  for (int64_t bytes : {int64_t{0}, int64_t{1}, int64_t{100}}) {
    EXPECT_OK(one, api->memory_allocate(one.handle, bytes, &memory));
    EXPECT(memory != nullptr && reinterpret_cast<uintptr_t>(memory) % S24_ALIGNMENT == 0, "allocated %p", memory);
    EXPECT_OK(one, api->memory_free(one.handle, memory));
  }
  EXPECT_STATUS(one, api->memory_allocate(one.handle, -1, &memory), S24_BAD_ARGUMENT, "bytes: -1");
  EXPECT_STATUS(one, api->memory_allocate(one.handle, INT64_MAX, &memory), S24_OUT_OF_MEMORY, "9223372036854775807");
  const char from[4] = "abc";
  char to[4] = "";
  EXPECT_OK(one, api->copy_to_device(one.handle, to, from, 4));
  EXPECT(std::string(to) == "abc", "copied '%s'", to);
  EXPECT_OK(one, api->copy_to_host(one.handle, nullptr, nullptr, 0));
  EXPECT_STATUS(one, api->copy_to_host(one.handle, nullptr, from, 4), S24_BAD_ARGUMENT, "to: null");
}

}  // namespace s24::test
