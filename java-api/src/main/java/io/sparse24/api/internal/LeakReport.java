package io.sparse24.api.internal;

import java.lang.ref.Cleaner;
import org.jspecify.annotations.Nullable;

/**
 * In debug mode ({@code -Dio.sparse24.debug=true}) says what was never closed, with its allocation
 * site. Frees nothing: the memory may be in use, and an owner who forgets to close should hear of
 * it.
 */
public final class LeakReport {
  private static final boolean DEBUG = Boolean.getBoolean("io.sparse24.debug");
  private static final @Nullable Cleaner CLEANER = DEBUG ? Cleaner.create() : null;

  private final Cleaner.Cleanable cleanable;
  private final State state;

  private LeakReport(Cleaner cleaner, Object resource, State state) {
    this.state = state;
    this.cleanable = cleaner.register(resource, state);
  }

  /**
   * Watches a resource, in debug mode.
   *
   * @param resource reported if it becomes unreachable before {@link #closed}
   * @param what it is; must not lead back to the resource
   * @return to be told of the close; null outside debug mode
   */
  public static @Nullable LeakReport watch(Object resource, String what) {
    Cleaner cleaner = CLEANER;
    return cleaner == null
        ? null
        : new LeakReport(cleaner, resource, new State(what, new Throwable("allocated here")));
  }

  /** It was closed: nothing to report. */
  public void closed() {
    state.closed = true;
    cleanable.clean();
  }

  private static final class State implements Runnable {
    private final String what;
    private final Throwable site;
    private volatile boolean closed;

    State(String what, Throwable site) {
      this.what = what;
      this.site = site;
    }

    @Override
    public void run() {
      if (!closed) {
        System.getLogger("io.sparse24")
            .log(System.Logger.Level.WARNING, what + " was never closed", site);
      }
    }
  }
}
