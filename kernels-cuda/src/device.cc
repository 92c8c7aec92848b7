#include "device.hpp"

#include <cuda_runtime_api.h>

#include <cstdlib>

#include "cuda_error.hpp"

namespace s24::cuda {
namespace {

constexpr int kOldestArchitecture = 80;
constexpr const char *kInstead = "or use another backend";

std::string dotted(int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }

DriverFacts driver_facts() {
  DriverFacts facts{0, 0, cudaSuccess, 0};
  // Without a driver these succeed too: the runtime is linked into this library and finds the driver when it is asked.
  if (cudaDriverGetVersion(&facts.driver) != cudaSuccess) facts.driver = 0;
  if (cudaRuntimeGetVersion(&facts.runtime) != cudaSuccess) facts.runtime = CUDART_VERSION;
  facts.count_error = cudaGetDeviceCount(&facts.count);
  static_cast<void>(cudaGetLastError());
  return facts;
}

}  // namespace

std::string unusable(const DriverFacts &f) {
  if (f.driver == 0) {
    return "no NVIDIA driver found (libcuda.so.1); install one that supports CUDA " + dotted(f.runtime) +
           " (580 or newer) on a machine with an NVIDIA GPU, " + kInstead;
  }
  // A driver serves every runtime of its own major version.
  if (f.driver / 1000 < f.runtime / 1000) {
    return "the NVIDIA driver supports CUDA " + dotted(f.driver) + ", this library needs CUDA " + dotted(f.runtime) +
           "; install driver 580 or newer, " + kInstead;
  }
  if (f.count_error == cudaErrorNoDevice || (f.count_error == cudaSuccess && f.count == 0)) {
    const char *visible = std::getenv("CUDA_VISIBLE_DEVICES");
    const std::string hint =
        visible == nullptr ? "nvidia-smi should list one" : "CUDA_VISIBLE_DEVICES is '" + std::string(visible) + "'";
    return "the NVIDIA driver (CUDA " + dotted(f.driver) + ") shows no GPU to this process; " + hint + ", " + kInstead;
  }
  if (f.count_error != cudaSuccess) {
    return std::string("the NVIDIA driver (CUDA ") + dotted(f.driver) +
           ") cannot list its GPUs: " + cudaGetErrorString(f.count_error) + " (" + cudaGetErrorName(f.count_error) +
           "); " + kInstead;
  }
  return "";
}

std::shared_ptr<const Device> Device::open(int32_t ordinal) {
  if (ordinal < 0) fail(S24_BAD_ARGUMENT, "device: %d is negative", ordinal);
  const DriverFacts facts = driver_facts();
  const std::string missing = unusable(facts);
  if (!missing.empty()) fail(S24_UNSUPPORTED, "%s", missing.c_str());
  if (ordinal >= facts.count) {
    fail(S24_BAD_ARGUMENT, "device: %d, but the GPUs of this machine are 0..%d", ordinal, facts.count - 1);
  }
  cudaDeviceProp properties;
  expect(cudaGetDeviceProperties(&properties, ordinal), "reading the GPU's properties");
  const int architecture = properties.major * 10 + properties.minor;
  if (architecture < kOldestArchitecture) {
    fail(S24_UNSUPPORTED, "GPU %d (%s) has compute capability %d.%d, this library needs 8.0 or newer; %s", ordinal,
         properties.name, properties.major, properties.minor, kInstead);
  }
  if (properties.memoryPoolsSupported == 0) {
    fail(S24_UNSUPPORTED, "GPU %d (%s) has no stream-ordered memory (a virtual GPU without it?), %s", ordinal,
         properties.name, kInstead);
  }
  const std::shared_ptr<Device> device(new Device);
  device->ordinal_ = ordinal;
  device->chip_ = {architecture, properties.multiProcessorCount, heuristics_of(architecture)};
  device->memory_bytes_ = static_cast<int64_t>(properties.totalGlobalMem);
  device->name_ = properties.name;
  device->make_current();
  // A pool of our own: the device's default one belongs to whatever else of CUDA runs in this process. It keeps what is
  // freed, so that a buffer allocated again and again costs no call into the driver.
  cudaMemPoolProps wanted{};
  wanted.allocType = cudaMemAllocationTypePinned;
  wanted.location.type = cudaMemLocationTypeDevice;
  wanted.location.id = ordinal;
  expect(cudaMemPoolCreate(&device->pool_, &wanted), "creating a memory pool");
  uint64_t keep = UINT64_MAX;
  expect(cudaMemPoolSetAttribute(device->pool_, cudaMemPoolAttrReleaseThreshold, &keep), "setting up a memory pool");
  return device;
}

// Errors end here: there is nobody to tell, and what is still allocated goes when it is freed.
Device::~Device() {
  if (pool_ == nullptr) return;
  static_cast<void>(cudaSetDevice(ordinal_));
  static_cast<void>(cudaMemPoolDestroy(pool_));
}

void Device::make_current() const { expect(cudaSetDevice(ordinal_), "selecting the GPU"); }

}  // namespace s24::cuda
