// What kernels may take of a multiprocessor's shared memory.
#include <cuda_runtime.h>

#include <map>
#include <mutex>

#include "require.hpp"

namespace s24::emulation {
namespace {

constexpr size_t kUnasked = 48 * 1024;

std::mutex changing;

std::map<const void *, size_t> &allowed() {
  static std::map<const void *, size_t> of_kernels;
  return of_kernels;
}

}  // namespace

void allow_shared(const void *kernel, size_t bytes) {
  const std::lock_guard<std::mutex> lock(changing);
  const auto known = allowed().emplace(kernel, bytes).first;
  require(known->second == bytes,
          "a kernel is allowed now more shared memory, now less: a launch of another thread may fail");
}

void take_shared(const void *kernel, size_t bytes) {
  const std::lock_guard<std::mutex> lock(changing);
  const auto known = allowed().find(kernel);
  require(bytes <= kUnasked || (known != allowed().end() && bytes <= known->second),
          "a launch takes more shared memory than its kernel is allowed");
}

}  // namespace s24::emulation
