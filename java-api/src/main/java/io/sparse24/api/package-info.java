/**
 * Backends, sessions and their operations.
 *
 * <p>Eight types to start with: {@link io.sparse24.api.Backends} opens a {@link
 * io.sparse24.api.Session}, whose methods are the operations. Their operands are a {@link
 * io.sparse24.api.Matrix} of some {@link io.sparse24.api.DType}, a {@link io.sparse24.api.Mask}, a
 * {@link io.sparse24.api.Compressed24} (a 2:4 weight in the open form) and a {@link
 * io.sparse24.api.Packed24} (the form that multiplies fast); an {@link io.sparse24.api.Epilogue}
 * says what a multiplication does with its sums. The rest is for devices, measuring and backends.
 *
 * <p>Conventions: W is {@code [n, k]} (n outputs, k inputs, row-major), X is {@code [m, k]}, Y = X
 * Wᵀ is {@code [m, n]}; strides count elements (a mask's: bytes). A wrong argument is an {@link
 * java.lang.IllegalArgumentException} that names it, a closed or busy session an {@link
 * java.lang.IllegalStateException}, everything that only a backend can know an {@link
 * io.sparse24.api.Sparse24Exception}.
 */
@NullMarked
package io.sparse24.api;

import org.jspecify.annotations.NullMarked;
