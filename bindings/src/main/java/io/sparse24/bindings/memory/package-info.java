/** Memory that a library handed out, as segments. */
@NullMarked
package io.sparse24.bindings.memory;

import org.jspecify.annotations.NullMarked;
