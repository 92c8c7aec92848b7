package io.sparse24.api;

import io.sparse24.api.internal.NativeBackend;
import io.sparse24.api.reference.ReferenceBackend;
import io.sparse24.api.spi.Backend;
import io.sparse24.bindings.NativeKernels;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicBoolean;

/** The backends on the class or module path, and the way to open one. */
public final class Backends {
  /** The name that stands for the best backend that can be opened. */
  public static final String AUTO = "auto";

  private static final System.Logger LOG = System.getLogger("io.sparse24");
  private static final AtomicBoolean LOGGED = new AtomicBoolean();

  private Backends() {}

  /**
   * The names of all backends, best first; some may not open on this machine.
   *
   * @return such as {@code [cpu, cuda, reference]}
   */
  public static List<String> names() {
    return all().stream().map(Backend::name).toList();
  }

  /**
   * Opens a session with all threads.
   *
   * @param backend one of {@link #names}, or {@link #AUTO}
   * @return the session
   * @throws IllegalArgumentException if there is no such backend
   * @throws Sparse24Exception.Unsupported if it can't be opened, with each place that was tried
   */
  public static Session open(String backend) {
    return open(backend, SessionOptions.DEFAULT);
  }

  /**
   * Opens a session.
   *
   * @param backend one of {@link #names}, or {@link #AUTO}
   * @param options how
   * @return the session
   * @throws IllegalArgumentException if there is no such backend
   * @throws Sparse24Exception.Unsupported if it can't be opened, with each place that was tried
   */
  public static Session open(String backend, SessionOptions options) {
    List<Backend> all = all();
    if (backend.equals(AUTO)) {
      return openBest(all, options);
    }
    for (Backend candidate : all) {
      if (candidate.name().equals(backend)) {
        return Session.of(candidate.open(options));
      }
    }
    throw new IllegalArgumentException(
        "backend: is '" + backend + "', must be one of " + names() + " or " + AUTO);
  }

  private static Session openBest(List<Backend> all, SessionOptions options) {
    List<String> passedOver = new ArrayList<>();
    for (Backend candidate : all) {
      try {
        Session session = Session.of(candidate.open(options));
        if (LOGGED.compareAndSet(false, true)) {
          LOG.log(
              level(session, passedOver),
              "backend {0} ({1}, {2}) chosen{3}",
              session.info().backend(),
              session.info().device(),
              session.info().isa(),
              passedOver.isEmpty() ? "" : "; passed over: " + String.join("; ", passedOver));
        }
        return session;
      } catch (Sparse24Exception.Unsupported e) {
        passedOver.add(String.valueOf(e.getMessage()));
      }
    }
    throw new Sparse24Exception.Unsupported("no backend opens: " + String.join("; ", passedOver));
  }

  /** That the slow one had to do is worth a warning, that there is no GPU is not. */
  private static System.Logger.Level level(Session session, List<String> passedOver) {
    if (passedOver.isEmpty()) {
      return System.Logger.Level.DEBUG;
    }
    return session.info().backend().equals(ReferenceBackend.NAME)
        ? System.Logger.Level.WARNING
        : System.Logger.Level.INFO;
  }

  private static List<Backend> all() {
    Map<String, Backend> byName = new LinkedHashMap<>();
    for (Backend backend : ServiceLoader.load(Backend.class)) {
      byName.putIfAbsent(backend.name(), backend);
    }
    for (NativeKernels kernels : ServiceLoader.load(NativeKernels.class)) {
      byName.putIfAbsent(kernels.name(), new NativeBackend(kernels));
    }
    return byName.values().stream()
        .sorted(Comparator.comparingInt(Backend::rank).reversed().thenComparing(Backend::name))
        .toList();
  }
}
