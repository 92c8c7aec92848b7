package io.sparse24.api;

/**
 * What a session runs on.
 *
 * @param backend the backend's name
 * @param device the processor's or accelerator's own name
 * @param isa the highest tier in use, such as {@code avx512bf16}
 * @param threads CPU threads a call may use
 * @param hostMemory whether operations take host memory; else only {@link DeviceBuffer}s
 * @param memoryBytes device memory, 0 where it is the host's
 * @param library where the native library came from; empty for a Java backend
 */
public record BackendInfo(
    String backend,
    String device,
    String isa,
    int threads,
    boolean hostMemory,
    long memoryBytes,
    String library) {}
