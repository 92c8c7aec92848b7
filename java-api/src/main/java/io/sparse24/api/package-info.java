/**
 * Backends, sessions and their operations.
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
