package io.sparse24.api;

/**
 * One kernel of a backend.
 *
 * @param id its number, for {@link Session#useKernel}
 * @param name {@code <op>_<dtype>_<isa>}
 * @param op what it computes
 * @param dtype element type: of W; of X where there is no W; of what {@link Session#quantize} and
 *     {@link Session#cast} write; of an optimizer's values
 * @param xDtype element type of X for {@link Op#SPMM24}, {@link Op#GEMM}, {@link Op#QUANTIZE} and
 *     {@link Op#CAST}; elsewhere as dtype
 * @param isa what it needs of the machine
 * @param layout the packed layout it reads or writes; 0 for operations without a packed operand
 * @param available whether it can run here
 * @param reason why not; empty where it can
 */
public record KernelInfo(
    int id,
    String name,
    Op op,
    DType dtype,
    DType xDtype,
    String isa,
    int layout,
    boolean available,
    String reason) {}
