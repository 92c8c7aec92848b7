/** The kernel library for the CPU. */
@NullMarked
package io.sparse24.kernels.cpu;

import org.jspecify.annotations.NullMarked;
