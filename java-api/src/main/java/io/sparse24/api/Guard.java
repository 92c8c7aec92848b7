package io.sparse24.api;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Who may call a session: one thread at a time, nobody once it is closed, and nothing that waits
 * while a graph is captured. All of a session's state is looked at and changed within a turn.
 */
final class Guard {
  /** From entering to the end of a call. */
  interface Turn extends AutoCloseable {
    @Override
    void close();
  }

  private static final VarHandle OWNER;

  static {
    try {
      OWNER = MethodHandles.lookup().findVarHandle(Guard.class, "owner", Thread.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Turn turn = () -> OWNER.setRelease(this, null);
  private boolean closed;
  private @Nullable Capture capture;

  @SuppressWarnings("UnusedVariable") // through OWNER
  private volatile @Nullable Thread owner;

  /** For what is done to a closed session too: to close something again. */
  Turn enterEvenIfClosed() {
    if (!OWNER.compareAndSet(this, null, Thread.currentThread())) {
      throw busy();
    }
    return turn;
  }

  Turn enter() {
    Turn entered = enterEvenIfClosed();
    if (closed) {
      entered.close();
      throw new IllegalStateException("this session is closed");
    }
    return entered;
  }

  /** For what waits, allocates or launches, none of which a graph can. */
  Turn enterToWait(String what) {
    Turn entered = enter();
    if (capture != null) {
      entered.close();
      throw inCapture(what);
    }
    return entered;
  }

  boolean closed() {
    return closed;
  }

  void markClosed() {
    closed = true;
  }

  /** What is being recorded uses; null where nothing is. */
  @Nullable Capture capture() {
    return capture;
  }

  void capture(@Nullable Capture begun) {
    capture = begun;
  }

  void outsideCapture(String what) {
    if (capture != null) {
      throw inCapture(what);
    }
  }

  private static IllegalStateException inCapture(String what) {
    return new IllegalStateException(what + ": is not possible while a graph is captured");
  }

  private IllegalStateException busy() {
    Thread other = owner;
    return new IllegalStateException(
        "this session is at work for "
            + (other == null ? "another thread" : "thread " + other.getName())
            + "; a session belongs to one thread at a time, share() makes one for another");
  }
}
