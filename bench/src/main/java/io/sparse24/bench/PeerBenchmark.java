package io.sparse24.bench;

import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Session;
import io.sparse24.api.SessionOptions;
import io.sparse24.bench.WorkloadBenchmark.Caches;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Y = X Wᵀ by other libraries, compared with the oracle before and after the calls that are timed.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class PeerBenchmark {
  /** {@link Peer#id}. */
  @Param("onednn")
  public String peer = "onednn";

  /** CPU threads, 0 = all. */
  @Param("0")
  public int threads;

  /** Element type. */
  @Param({"BF16", "F32"})
  public DType dtype = DType.BF16;

  /** Tokens: rows of X. */
  @Param({"1", "16"})
  public long m = 1;

  /** n and k of the weight. */
  @Param("4096x4096")
  public String shape = "4096x4096";

  /** Where the weights come from. */
  @Param("COLD")
  public Caches caches = Caches.COLD;

  private @Nullable Session session;
  private @Nullable Weight weight;
  private @Nullable PeerProduct product;

  /** For JMH. */
  public PeerBenchmark() {}

  /**
   * Called by JMH.
   *
   * @throws WrongResult if the peer is wrong
   */
  @org.openjdk.jmh.annotations.Setup
  public void setUp() {
    Peer chosen = choose(Peers.load());
    Shape parsed = Shape.parse(shape);
    if (!chosen.multiplies(dtype, parsed.k())) {
      throw new IllegalArgumentException(
          "dtype: " + chosen.name() + " has no product of " + dtype + " with k = " + parsed.k());
    }
    // Ours prunes the weight of a sparse peer, and says what all threads are.
    Session opened = Backends.open(Backends.AUTO, SessionOptions.threads(threads));
    session = opened;
    try {
      Weight made = new Weight(opened, dtype, parsed);
      weight = made;
      long rotate = caches == Caches.COLD ? Bench.COLD : 0;
      Setup setup = new Setup(opened, dtype, m, parsed, rotate);
      PeerProduct prepared = new PeerProduct(setup, made, chosen, opened.info().threads());
      product = prepared;
      prepared.check();
    } catch (RuntimeException e) {
      free();
      throw e;
    }
  }

  private Peer choose(Peers peers) {
    return peers.found().stream()
        .filter(one -> one.id().equals(peer))
        .findFirst()
        .orElseThrow(() -> {
          List<String> ids = peers.found().stream().map(Peer::id).toList();
          return new IllegalArgumentException(
              "peer: is '"
                  + peer
                  + "', must be one of "
                  + String.join(", ", ids)
                  + "; missing: "
                  + peers.missing());
        });
  }

  /** One call. */
  @Benchmark
  public void product() {
    PeerProduct prepared = product;
    if (prepared == null) {
      throw new IllegalStateException("not set up");
    }
    prepared.run();
  }

  /**
   * Checks again and frees everything.
   *
   * @throws WrongResult if the peer is wrong
   */
  @TearDown
  public void close() {
    try {
      if (product != null) {
        product.check();
      }
    } finally {
      free();
    }
  }

  private void free() {
    try (Session _ = session;
        Weight _ = weight;
        PeerProduct _ = product) {
      session = null;
      weight = null;
      product = null;
    }
  }
}
