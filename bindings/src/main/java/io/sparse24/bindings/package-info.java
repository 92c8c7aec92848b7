/** Finding, verifying and opening kernel libraries. */
@NullMarked
package io.sparse24.bindings;

import org.jspecify.annotations.NullMarked;
