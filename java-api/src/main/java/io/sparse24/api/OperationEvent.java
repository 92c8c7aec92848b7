package io.sparse24.api;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** One JFR event an operation, off unless a recording asks for it. */
@Name("io.sparse24.Operation")
@Label("Sparse24 Operation")
@Category("Sparse24")
@Description("One operation of a Sparse24 session; for queued work, the time to queue it")
@Enabled(false)
@StackTrace(false)
final class OperationEvent extends Event {
  private static final EventType TYPE = EventType.getEventType(OperationEvent.class);

  @Label("Operation")
  String op = "";

  @Label("Backend")
  String backend = "";

  @Label("Data Type")
  String dtype = "";

  @Label("Data Type of X")
  String xDtype = "";

  @Label("m")
  long m;

  @Label("n")
  long n;

  @Label("k")
  long k;

  private OperationEvent() {}

  /** Null while no recording wants the event, so that calls allocate nothing. */
  static @Nullable OperationEvent start() {
    if (!TYPE.isEnabled()) {
      return null;
    }
    OperationEvent event = new OperationEvent();
    event.begin();
    return event;
  }

  static void finish(
      @Nullable OperationEvent event, Op op, String backend, DType dtype, long m, long n, long k) {
    finish(event, op, backend, dtype, dtype, m, n, k);
  }

  /** With the types as in {@link KernelInfo}. */
  static void finish(
      @Nullable OperationEvent event,
      Op op,
      String backend,
      DType dtype,
      DType xDtype,
      long m,
      long n,
      long k) {
    if (event != null) {
      event.op = op.id();
      event.backend = backend;
      event.dtype = dtype.name();
      event.xDtype = xDtype.name();
      event.m = m;
      event.n = n;
      event.k = k;
      event.commit();
    }
  }
}
