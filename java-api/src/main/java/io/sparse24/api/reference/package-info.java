/**
 * The pure-Java backend with float64 sums: the oracle of all tests, and what runs where no kernel
 * library loads.
 */
@NullMarked
package io.sparse24.api.reference;

import org.jspecify.annotations.NullMarked;
