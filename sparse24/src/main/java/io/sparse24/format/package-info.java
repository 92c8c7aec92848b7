/** Checkpoint files: safetensors, and the ways a 2:4 weight is stored in them. */
@NullMarked
package io.sparse24.format;

import org.jspecify.annotations.NullMarked;
