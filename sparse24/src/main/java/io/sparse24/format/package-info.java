/**
 * Checkpoint files: safetensors, single and sharded, read memory-mapped and written streamed, and
 * the ways a 2:4 weight is stored in them. File content is hostile input: whatever is wrong with it
 * becomes a {@link io.sparse24.format.FormatException} of one line, in bounded memory.
 */
@NullMarked
package io.sparse24.format;

import org.jspecify.annotations.NullMarked;
