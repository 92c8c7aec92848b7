/**
 * 2:4 weights: how to get them (scores, pruners) and how to multiply with them.
 *
 * <p>{@link io.sparse24.Pruner} makes an {@link io.sparse24.Sparse24Matrix} from a dense weight;
 * {@link io.sparse24.Sparse24Matrix#multiply} is the one method an inference engine calls.
 *
 * {@snippet file="io/sparse24/examples/FirstExample.java" region="first"}
 */
@NullMarked
package io.sparse24;

import org.jspecify.annotations.NullMarked;
