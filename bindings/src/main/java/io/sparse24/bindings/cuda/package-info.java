/**
 * NVIDIA's libraries, found at run time: the CUDA runtime, cuBLASLt and cuSPARSELt. Nothing here
 * needs one of them to be there: {@link io.sparse24.bindings.cuda.VendorLibrary#look} says what was
 * found, and opening what is not there is an exception with the places looked at.
 *
 * <p>A class a library has its functions under C's names without the prefix; each checks the status
 * and throws {@link io.sparse24.bindings.cuda.CudaException} with the library's own text. Values of
 * enums are in {@code CudartConstants}, {@code CublasLtConstants} and {@code CusparseLtConstants}.
 * An address of device memory is a segment of size 0 ({@link
 * java.lang.foreign.MemorySegment#ofAddress}), so that Java can't read it.
 */
@NullMarked
package io.sparse24.bindings.cuda;

import org.jspecify.annotations.NullMarked;
