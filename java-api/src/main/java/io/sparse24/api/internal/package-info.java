/** Sessions of kernel libraries: argument structs, status codes, workspaces. */
@NullMarked
package io.sparse24.api.internal;

import org.jspecify.annotations.NullMarked;
