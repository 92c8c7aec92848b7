#include "graph.hpp"

#include <cuda_runtime_api.h>

#include "context.hpp"
#include "cuda_error.hpp"
#include "sparse24/handles.hpp"

// A launch that is still queued is not lost: CUDA frees the graph behind it.
s24_graph::~s24_graph() {
  if (executable != nullptr) static_cast<void>(cudaGraphExecDestroy(executable));
  static_cast<void>(cudaGetLastError());
}

namespace s24::cuda {
namespace {

Handles<s24_graph> &graphs() {
  static auto *const handles = new Handles<s24_graph>;  // never destroyed: threads may outlive the end of main
  return *handles;
}

}  // namespace

int32_t capture_begin(s24_context *ctx) {
  return guarded(ctx, [&] { ctx->begin_capture(); });
}

int32_t capture_end(s24_context *ctx, s24_graph **out) {
  return guarded(ctx, [&] {
    check::pointer("out", out, true);
    *out = graphs().add(ctx->end_capture());
  });
}

int32_t graph_launch(s24_context *ctx, s24_graph *graph) {
  return guarded(ctx, [&] { ctx->launch(*graphs().find("graph", graph)); });
}

int32_t graph_destroy(s24_context *ctx, s24_graph *graph) {
  return guarded(ctx, [&] { graphs().remove("graph", graph); });
}

}  // namespace s24::cuda
