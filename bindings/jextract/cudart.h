/* The CUDA runtime as a function table: Java fills it at run time, a slot a symbol of the same name. Types come from
 * NVIDIA's header, so that nothing of it is written down here. */
#include <cuda_runtime_api.h>
#include <library_types.h>

#define SLOT(function) __typeof__(&function) function

typedef struct cudart_api {
  SLOT(cudaRuntimeGetVersion);
  SLOT(cudaDriverGetVersion);
  SLOT(cudaGetErrorString);
  SLOT(cudaGetLastError);

  SLOT(cudaGetDeviceCount);
  SLOT(cudaSetDevice);
  SLOT(cudaGetDevice);
  SLOT(cudaDeviceGetAttribute);
  SLOT(cudaGetDeviceProperties);
  SLOT(cudaMemGetInfo);
  SLOT(cudaDeviceSynchronize);

  SLOT(cudaMalloc);
  SLOT(cudaFree);
  SLOT(cudaMallocAsync);
  SLOT(cudaFreeAsync);
  SLOT(cudaMallocHost);
  SLOT(cudaFreeHost);
  SLOT(cudaHostRegister);
  SLOT(cudaHostUnregister);
  SLOT(cudaMemcpyAsync);
  SLOT(cudaMemsetAsync);

  SLOT(cudaStreamCreateWithFlags);
  SLOT(cudaStreamDestroy);
  SLOT(cudaStreamSynchronize);
  SLOT(cudaStreamQuery);
  SLOT(cudaStreamWaitEvent);

  SLOT(cudaEventCreateWithFlags);
  SLOT(cudaEventDestroy);
  SLOT(cudaEventRecord);
  SLOT(cudaEventSynchronize);
  SLOT(cudaEventQuery);
  SLOT(cudaEventElapsedTime);

  SLOT(cudaStreamBeginCapture);
  SLOT(cudaStreamEndCapture);
  SLOT(cudaGraphInstantiate);
  SLOT(cudaGraphLaunch);
  SLOT(cudaGraphExecDestroy);
  SLOT(cudaGraphDestroy);
} cudart_api;
