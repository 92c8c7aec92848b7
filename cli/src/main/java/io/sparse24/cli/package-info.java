/** {@code bin/s24}: one class a command; picocli reads the line, these do the work. */
@NullMarked
package io.sparse24.cli;

import org.jspecify.annotations.NullMarked;
