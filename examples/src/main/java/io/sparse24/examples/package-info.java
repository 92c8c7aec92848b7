/** Short programs that compile and are run by tests; the README and the Javadoc quote them. */
@NullMarked
package io.sparse24.examples;

import org.jspecify.annotations.NullMarked;
