/**
 * Sparse training: linear layers with forward, backward and step, for a loop of one's own. {@link
 * io.sparse24.train.SlopeLinear} is SLoPe (Mozaffari and others, <a
 * href="https://arxiv.org/abs/2405.16325">arXiv 2405.16325</a>); {@link
 * io.sparse24.train.DenseLinear} is what it is compared with, {@link
 * io.sparse24.train.MaskedLinear} has the patterns and methods that no sparse kernel is for.
 */
@NullMarked
package io.sparse24.train;

import org.jspecify.annotations.NullMarked;
