/**
 * Sessions of kernel libraries: argument structs, status codes, workspaces; reports of what was
 * never closed.
 */
@NullMarked
package io.sparse24.api.internal;

import org.jspecify.annotations.NullMarked;
