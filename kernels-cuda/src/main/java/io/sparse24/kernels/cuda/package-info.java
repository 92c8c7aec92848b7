/** The kernel library for NVIDIA GPUs. */
@NullMarked
package io.sparse24.kernels.cuda;

import org.jspecify.annotations.NullMarked;
