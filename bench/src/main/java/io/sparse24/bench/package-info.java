/**
 * Benchmarks: the rows of {@code s24 bench}, and JMH. Every one checks its result against the
 * oracle before it is timed.
 */
@NullMarked
package io.sparse24.bench;

import org.jspecify.annotations.NullMarked;
