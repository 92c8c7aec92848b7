/** What a user would take instead of Sparse24, each behind {@link io.sparse24.bench.Peer}. */
@NullMarked
package io.sparse24.bench.peers;

import org.jspecify.annotations.NullMarked;
