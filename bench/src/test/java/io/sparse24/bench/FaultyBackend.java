package io.sparse24.bench;

import io.sparse24.api.Compressed24;
import io.sparse24.api.Heuristic;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.Packed24;
import io.sparse24.api.SessionOptions;
import io.sparse24.api.reference.ReferenceBackend;
import io.sparse24.api.spi.Backend;
import io.sparse24.api.spi.BackendLayers;
import io.sparse24.api.spi.BackendSession;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The reference backend with a defect that a test switches on: what a check must find. Found by
 * ServiceLoader, never chosen by {@code auto}.
 */
public final class FaultyBackend implements Backend {
  static final String NAME = "faulty";

  /** What is wrong with operations. */
  enum Fault {
    NONE,
    /** The last byte of the last output is changed. */
    LAST_BYTE,
    /** The same, but not in the first calls after the fault was switched on. */
    LAST_BYTE_LATER,
    /** Nothing is written. */
    IDLE
  }

  private static final int RIGHT_CALLS = 3;

  /** What every operation takes longer: this backend's heuristic, which a test sets. */
  static volatile int milliseconds;

  private static volatile Fault fault = Fault.NONE;
  private static final AtomicInteger CALLS = new AtomicInteger();

  /** Switches a fault on for all sessions. */
  static void use(Fault wanted) {
    CALLS.set(0);
    fault = wanted;
  }

  private static final Set<String> OPERATIONS =
      Set.of(
          "accumulateNorms",
          "score",
          "select",
          "prune24",
          "compress24",
          "decompress24",
          "applyMask",
          "pack24",
          "unpack24",
          "spmm24",
          "gemm",
          "quantize",
          "sddmm24",
          "doublePrune24",
          "prune24Both",
          "margins",
          "cast",
          "adamw",
          "sgd",
          "refresh24",
          "transpose",
          "axpby",
          "embed",
          "embedGrad",
          "rmsnorm",
          "rmsnormGrad",
          "rope",
          "attention",
          "attentionGrad",
          "swiglu",
          "swigluGrad",
          "crossEntropy");

  /** For ServiceLoader. */
  public FaultyBackend() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int rank() {
    return -1;
  }

  @Override
  public BackendSession open(SessionOptions options) {
    BackendSession right = new ReferenceBackend().open(options);
    BackendLayers layers = proxy(BackendLayers.class, right.layers(), null);
    return proxy(BackendSession.class, right, layers);
  }

  private static <T> T proxy(Class<T> type, T right, @Nullable BackendLayers layers) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, args) -> {
              if (method.getName().equals("layers")) {
                return layers;
              }
              if (method.getName().equals("heuristics")) {
                return List.of(new Heuristic("milliseconds", milliseconds, 0, 4));
              }
              if (method.getName().equals("setHeuristic")) {
                milliseconds = (Integer) args[1];
                return null;
              }
              boolean operation = OPERATIONS.contains(method.getName());
              if (operation && milliseconds > 0) {
                Thread.sleep(milliseconds);
              }
              if (operation && fault == Fault.IDLE) {
                return null;
              }
              Object result = call(right, method, args);
              int calls = operation ? CALLS.incrementAndGet() : 0;
              if (operation
                  && (fault == Fault.LAST_BYTE
                      || (fault == Fault.LAST_BYTE_LATER && calls > RIGHT_CALLS))) {
                spoil(args, method.getName().equals("refresh24"));
              }
              return result;
            }));
  }

  private static @Nullable Object call(Object session, Method method, Object @Nullable [] args)
      throws Throwable {
    try {
      return method.invoke(session, args);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** The output is the last argument with memory; of an empty operation there is none. */
  private static void spoil(Object[] args, boolean maskIsInput) {
    for (int i = args.length - 1; i >= 0; i--) {
      MemorySegment output =
          switch (args[i]) {
            case Matrix matrix -> matrix.segment();
            case Mask mask -> mask.segment();
            case Compressed24 sparse when maskIsInput -> sparse.values().segment();
            case Compressed24 sparse -> sparse.mask().segment();
            case Packed24 packed -> packed.segment();
            case null, default -> MemorySegment.NULL;
          };
      if (output.byteSize() > 0) {
        long last = output.byteSize() - 1;
        byte old = output.get(ValueLayout.JAVA_BYTE, last);
        output.set(ValueLayout.JAVA_BYTE, last, (byte) (old ^ 0x11));
        return;
      }
    }
  }
}
