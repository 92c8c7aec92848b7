package io.sparse24.bench;

import io.sparse24.api.AdamW;
import io.sparse24.api.DType;
import io.sparse24.api.Event;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.Sgd;
import io.sparse24.api.reference.Tolerance;
import io.sparse24.llm.StepTimes;
import io.sparse24.train.DenseLinear;
import io.sparse24.train.InitialMask;
import io.sparse24.train.Rule;
import io.sparse24.train.SlopeLinear;
import io.sparse24.train.SlopeOptions;
import io.sparse24.train.TrainableLinear;
import io.sparse24.train.Workspace;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/**
 * One layer's step by {@link SlopeLinear}, by {@link DenseLinear}, and the dense products that it
 * is made of by whoever is fastest. They take turns; what is compared is medians.
 */
final class SlopeLayers implements AutoCloseable {
  private static final int LEAST_ROUNDS = 5;

  /** Of rows and of columns that are checked. */
  private static final int SAMPLES = 8;

  private static final float LR = 0.5f;

  private final Session session;
  private final DType dtype;
  private final Shape shape;
  private final Arena arena = Arena.ofShared();
  private final Scratch scratch;
  private final Workspace workspace;
  private final SlopeOptions options;
  private final Matrix hostW;
  private final Matrix hostX;
  private final Matrix hostDy;
  private final Matrix x;
  private final Matrix dy;
  private final Matrix y;
  private final Matrix dx;
  private final List<Peer> peers;

  SlopeLayers(Session session, DType dtype, long m, Shape shape, List<Peer> peers) {
    this.session = session;
    this.dtype = dtype;
    this.shape = shape;
    this.peers = peers;
    this.scratch = session.scratch();
    this.options = new SlopeOptions(Rule.ADAMW, new InitialMask.Magnitude(), 100, false);
    this.workspace =
        Workspace.of(
            session,
            dtype,
            m,
            SlopeLinear.needs(shape.n(), shape.k(), options, 0),
            DenseLinear.needs(shape.n(), shape.k()));
    this.hostW = Setup.random(arena, shape.n(), shape.k(), dtype, 2);
    this.hostX = Setup.random(arena, m, shape.k(), dtype, 1);
    this.hostDy = Setup.random(arena, m, shape.n(), dtype, 6);
    this.x = scratch.upload(hostX);
    this.dy = scratch.upload(hostDy);
    this.y = scratch.matrix(m, shape.n(), dtype);
    this.dx = scratch.matrix(m, shape.k(), dtype);
  }

  SlopeReport.Layer measure(double seconds) {
    SlopeOptions plain = new SlopeOptions(Rule.SGD, options.mask(), 1, false);
    double error;
    try (SlopeLinear layer = SlopeLinear.of(workspace, hostW, plain)) {
      error = check(layer, true);
    }
    try (DenseLinear layer = DenseLinear.of(workspace, hostW, Rule.SGD, false)) {
      error = Math.max(error, check(layer, false));
    }
    try (SlopeLinear slope = SlopeLinear.of(workspace, hostW, options);
        DenseLinear dense = DenseLinear.of(workspace, hostW, Rule.ADAMW, false);
        Products products = new Products()) {
      Turn ofSlope = new Turn(slope);
      Turn ofDense = new Turn(dense);
      long start = System.nanoTime();
      for (int round = 0; ; round++) {
        ofSlope.take(round > 0);
        ofDense.take(round > 0);
        products.take(round > 0);
        if (round >= LEAST_ROUNDS && (System.nanoTime() - start) / 1e9 > seconds) {
          break;
        }
      }
      StepTimes plainDense = SlopeRuns.medians(ofDense.samples);
      return new SlopeReport.Layer(
          dtype.name(),
          x.rows(),
          shape.n(),
          shape.k(),
          session.info().threads(),
          SlopeRuns.medians(ofSlope.samples),
          plainDense,
          products.fastest(plainDense.optimizer()),
          products.names(),
          (double) slope.memory().total() / dense.memory().total(),
          error);
    }
  }

  /** Steps of a layer, timed by events between its parts. */
  private final class Turn {
    private final TrainableLinear layer;
    private final List<StepTimes> samples = new ArrayList<>();
    private final Event[] events = new Event[5];
    private final AdamW settings = AdamW.of(1e-4f);

    Turn(TrainableLinear layer) {
      this.layer = layer;
      Arrays.setAll(events, _ -> session.event());
    }

    void take(boolean counts) {
      session.record(events[0]);
      layer.forward(x, y);
      session.record(events[1]);
      layer.weightGradient(dy, x);
      session.record(events[2]);
      layer.inputGradient(dy, dx, 0);
      session.record(events[3]);
      layer.step(settings, 1);
      session.record(events[4]);
      session.synchronize();
      if (counts) {
        samples.add(new StepTimes(part(0, 1), part(1, 2), part(2, 3), part(3, 4), part(0, 4)));
      }
    }

    private double part(int from, int to) {
      return session.elapsed(events[from], events[to]);
    }
  }

  /** Forward, BWD-1 and BWD-2 as plain dense products: X Wᵀ, dYᵀ X, dY W. */
  private final class Products implements AutoCloseable {
    private final List<Dense> all = new ArrayList<>();

    Products() {
      all.add(new Dense(hostX, hostW));
      all.add(new Dense(transposed(hostDy), transposed(hostX)));
      all.add(new Dense(hostDy, transposed(hostW)));
    }

    private Matrix transposed(Matrix host) {
      Matrix out = Matrix.allocate(arena, host.cols(), host.rows(), dtype);
      try (Scratch there = session.scratch()) {
        Matrix to = there.matrix(host.cols(), host.rows(), dtype);
        session.transpose(there.upload(host), to);
        there.download(to, out);
      }
      return out;
    }

    void take(boolean counts) {
      all.forEach(dense -> dense.take(counts));
    }

    StepTimes fastest(double optimizer) {
      double[] ms = all.stream().mapToDouble(Dense::ms).toArray();
      return new StepTimes(ms[0], ms[1], ms[2], optimizer, Arrays.stream(ms).sum() + optimizer);
    }

    List<String> names() {
      return all.stream().map(Dense::name).toList();
    }

    @Override
    public void close() {
      all.forEach(Dense::close);
    }
  }

  /** A Bᵀ by our own product and by each peer. */
  private final class Dense implements AutoCloseable {
    private record Maker(String name, Runnable call, List<Double> ms) {}

    private final Scratch own = session.scratch();
    private final List<Maker> makers = new ArrayList<>();
    private final List<Peer.Product> theirs = new ArrayList<>();

    Dense(Matrix hostA, Matrix hostB) {
      Matrix a = own.upload(hostA);
      Matrix b = own.upload(hostB);
      Matrix c = own.matrix(a.rows(), b.rows(), dtype);
      makers.add(new Maker(SuiteRow.DENSE, () -> session.gemm(a, b, c), new ArrayList<>()));
      for (Peer peer : peers) {
        Peer.Product product = peer.prepare(hostA, hostB, 1, session.info().threads());
        theirs.add(product);
        makers.add(new Maker(peer.name(), product::run, new ArrayList<>()));
        product.run();
        ProductOracle.check(hostA, hostB, product.y());
      }
    }

    void take(boolean counts) {
      for (Maker maker : makers) {
        long start = System.nanoTime();
        maker.call().run();
        session.synchronize();
        if (counts) {
          maker.ms().add((System.nanoTime() - start) / 1e6);
        }
      }
    }

    private Maker best() {
      return makers.stream()
          .min(Comparator.comparingDouble(maker -> Turns.median(maker.ms())))
          .orElseThrow();
    }

    double ms() {
      return Turns.median(best().ms());
    }

    String name() {
      return best().name();
    }

    @Override
    public void close() {
      theirs.forEach(Peer.Product::close);
      own.close();
    }
  }

  /** Y, dX and the weight after a step of SGD against sums in float64, at random places. */
  private double check(TrainableLinear layer, boolean pruned) {
    try (Arena temporary = Arena.ofConfined()) {
      Matrix before = layer.dense(temporary);
      session.copy(Matrix.allocate(temporary, y.rows(), y.cols(), dtype).buffer(), y.buffer());
      session.copy(Matrix.allocate(temporary, dx.rows(), dx.cols(), dtype).buffer(), dx.buffer());
      layer.forward(x, y);
      layer.weightGradient(dy, x);
      layer.inputGradient(dy, dx, 0);
      layer.step(new Sgd(LR / x.rows(), 0, 0), 1);
      session.synchronize();
      Matrix after = layer.dense(temporary);
      Matrix hostY = Matrix.allocate(temporary, y.rows(), y.cols(), dtype);
      Matrix hostInput = Matrix.allocate(temporary, dx.rows(), dx.cols(), dtype);
      scratch.download(y, hostY);
      scratch.download(dx, hostInput);
      double error = ProductOracle.check(hostX, before, hostY);
      Errors input = new Errors(Tolerance.gemm(dtype, shape.n(), 1));
      Errors weight = new Errors(afterStep());
      Random random = new Random(4);
      for (int sample = 0; sample < SAMPLES; sample++) {
        long column = random.nextLong(shape.k());
        float[] w = column(before, column, pruned);
        for (int i = 0; i < SAMPLES; i++) {
          long token = random.nextLong(x.rows());
          double expected = 0;
          for (int j = 0; j < w.length; j++) {
            expected += (double) hostDy.get(token, j) * w[j];
          }
          input.add("dx", token, column, expected, hostInput.get(token, column));
          long row = random.nextLong(shape.n());
          weight.add(
              "w", row, column, stepped(before, row, column, pruned), after.get(row, column));
        }
      }
      return Math.max(error, Math.max(input.relative(), weight.relative()));
    }
  }

  /** Dense gradients are rounded to the working type. */
  private Tolerance afterStep() {
    Tolerance sums = Tolerance.gemm(dtype, x.rows(), 1);
    double rounded = 4 * dtype.epsilon() * LR / Math.sqrt((double) x.rows());
    return new Tolerance(sums.relative(), sums.absolute() + rounded);
  }

  private double stepped(Matrix before, long row, long column, boolean pruned) {
    if (pruned && before.get(row, column) == 0) {
      return 0;
    }
    double gradient = 0;
    for (long t = 0; t < hostX.rows(); t++) {
      gradient += (double) hostDy.get(t, row) * hostX.get(t, column);
    }
    return before.get(row, column) - (double) LR / hostX.rows() * gradient;
  }

  /** A column of W, or of W^R,C: the two largest of each four, the first of those alike. */
  private float[] column(Matrix w, long column, boolean pruned) {
    float[] values = new float[(int) shape.n()];
    for (int i = 0; i < values.length; i++) {
      values[i] = w.get(i, column);
    }
    for (int group = 0; group < values.length && pruned; group += 4) {
      for (int dropped = 0; dropped < 2; dropped++) {
        int least = group;
        float size = Float.POSITIVE_INFINITY;
        for (int i = group; i < group + 4; i++) {
          boolean taken = Float.isNaN(values[i]);
          if (!taken && Math.abs(values[i]) <= size) {
            least = i;
            size = Math.abs(values[i]);
          }
        }
        values[least] = Float.NaN; // dropped
      }
      for (int i = group; i < group + 4; i++) {
        values[i] = Float.isNaN(values[i]) ? 0 : values[i];
      }
    }
    return values;
  }

  @Override
  public void close() {
    workspace.close();
    scratch.close();
    arena.close();
  }
}
