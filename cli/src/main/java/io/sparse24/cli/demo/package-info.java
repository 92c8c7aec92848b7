/** The demo: a sentence encoder with its linear layers dense, and pruned to 2:4. */
@NullMarked
package io.sparse24.cli.demo;

import org.jspecify.annotations.NullMarked;
