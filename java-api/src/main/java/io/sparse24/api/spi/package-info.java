/**
 * What a backend implements. Arguments reach it checked; see {@link io.sparse24.api.Session} for
 * their meaning.
 */
@NullMarked
package io.sparse24.api.spi;

import org.jspecify.annotations.NullMarked;
