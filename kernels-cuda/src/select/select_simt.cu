#include "select/select_cells.hpp"

#include "cells.cuh"

namespace s24::cuda {
namespace {

void run(const Queue &queue, const SelectCall &call) {
  const SelectCells op(call);
  cells(queue, op, call.args.n, ceil_div(call.args.k, 8));
  settle(queue, op);
}

}  // namespace

const KernelOf<SelectCall> select_f32_simt{run, nullptr};

}  // namespace s24::cuda
