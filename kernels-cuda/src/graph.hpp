// The function table's graphs: what a context recorded between capture_begin and capture_end. A graph holds addresses,
// that of its context's record among them, so only that context launches it.
#ifndef SPARSE24_CUDA_GRAPH_HPP
#define SPARSE24_CUDA_GRAPH_HPP

#include <driver_types.h>

#include <memory>
#include <utility>

#include "sparse24/s24.h"

struct s24_graph {
  s24_graph(std::weak_ptr<const int> its_context, bool its_unread)
      : context(std::move(its_context)), unread(its_unread) {}
  ~s24_graph();
  s24_graph(const s24_graph &) = delete;
  s24_graph &operator=(const s24_graph &) = delete;

  std::weak_ptr<const int> context;
  cudaGraphExec_t executable = nullptr;
  bool unread;  // it has an operation that may leave a finding
};

namespace s24::cuda {

int32_t capture_begin(s24_context *ctx);
int32_t capture_end(s24_context *ctx, s24_graph **out);
int32_t graph_launch(s24_context *ctx, s24_graph *graph);
int32_t graph_destroy(s24_context *ctx, s24_graph *graph);

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_GRAPH_HPP
