/**
 * Kernels of NVIDIA's libraries in sessions of the CUDA backend: cuBLASLt for dense products,
 * cuSPARSELt for 2:4 ones; and the choices among their algorithms, kept from run to run.
 */
@NullMarked
package io.sparse24.api.internal.cuda;

import org.jspecify.annotations.NullMarked;
