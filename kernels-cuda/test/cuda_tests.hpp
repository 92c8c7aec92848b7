// The groups of this test beside those of the CPU library's, and its table.
#ifndef SPARSE24_CUDA_TESTS_HPP
#define SPARSE24_CUDA_TESTS_HPP

#include "harness.hpp"

namespace s24::test {

// The library's own table. `api` is a copy whose operations synchronise before they return, as a CPU library's do.
extern const s24_api *queueing;

void test_decoder(Random &random);
void test_devices();
void test_dtypes(Random &random);
void test_findings();
void test_fragments(Random &random);
void test_kernel_list();
void test_queue(Random &random);
void test_runs(Random &random);
void test_sddmm(Random &random);

}  // namespace s24::test

#endif  // SPARSE24_CUDA_TESTS_HPP
