// A GPU that this library can use, and its memory pool; shared by a context and its siblings.
#ifndef SPARSE24_CUDA_DEVICE_HPP
#define SPARSE24_CUDA_DEVICE_HPP

#include <driver_types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "chip.hpp"

namespace s24::cuda {

// What the driver says of itself, as numbers of CUDA's kind: 13000 is 13.0. 0: there is none.
struct DriverFacts {
  int driver, runtime;
  cudaError_t count_error;
  int count;
};

// Why this machine has no device for us, in words that say what to do; empty where it has.
std::string unusable(const DriverFacts &facts);

class Device {
 public:
  // Fails with S24_UNSUPPORTED and what is missing (driver, its version, a device, its age), or S24_BAD_ARGUMENT where
  // there are devices but none of this ordinal.
  static std::shared_ptr<const Device> open(int32_t ordinal);
  ~Device();
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  // Makes it the calling thread's. A context may be called from one thread now and another later, so every entry does
  // this first; it is left so, since to put a thread's device back could create a context on a device nobody uses.
  void make_current() const;

  int ordinal() const { return ordinal_; }
  const char *name() const { return name_.c_str(); }
  const Chip &chip() const { return chip_; }
  int64_t memory_bytes() const { return memory_bytes_; }
  cudaMemPool_t pool() const { return pool_; }

 private:
  Device() = default;
  int ordinal_ = 0;
  Chip chip_{};
  int64_t memory_bytes_ = 0;
  cudaMemPool_t pool_ = nullptr;
  std::string name_;
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_DEVICE_HPP
