package io.sparse24.api;

/**
 * A number by which a backend chooses among its kernels and their shapes. It changes speed, and
 * results by no more than the order of a sum does.
 *
 * @param name as the backend has it
 * @param value what it is now
 * @param least the least it may be
 * @param most the most it may be
 */
public record Heuristic(String name, int value, int least, int most) {}
