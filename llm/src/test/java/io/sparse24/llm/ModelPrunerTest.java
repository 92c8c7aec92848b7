package io.sparse24.llm;

import static io.sparse24.llm.Runs.prune;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.Pattern;
import io.sparse24.PruningMethods;
import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.Safetensors;
import io.sparse24.format.SparseFormat;
import io.sparse24.format.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole decoders, block by block, against the definition in float64. */
final class ModelPrunerTest {
  private static final int SAMPLES = 3;
  private static final int SEQ = 8;

  @TempDir Path dir = Path.of("");

  private final long seed = Long.getLong("s24.seed", System.nanoTime());
  private final Random random = new Random(seed);

  static Stream<String> backends() {
    return Runs.backends();
  }

  private static LayerPlan plan(String method, Pattern pattern, SparseFormat format) {
    return new LayerPlan(PruningMethods.named(method), pattern, format);
  }

  private static List<int[]> samples(int... tokens) {
    return ModelPruner.crops(tokens, SAMPLES, SEQ, 5);
  }

  private static Map<String, float[]> weights(Path model) throws IOException {
    Map<String, float[]> all = new LinkedHashMap<>();
    try (Checkpoint checkpoint = Checkpoint.open(model);
        Arena arena = Arena.ofConfined()) {
      for (Weight weight : checkpoint.weights()) {
        Matrix matrix = weight.parts().getFirst().matrix(arena);
        float[] values = new float[(int) (matrix.rows() * matrix.cols())];
        for (int i = 0; i < values.length; i++) {
          values[i] = matrix.get(i / matrix.cols(), i % matrix.cols());
        }
        all.put(weight.name(), values);
      }
    }
    return all;
  }

  private int[] text(DecoderConfig config) {
    return random.ints(100, 0, config.vocabSize()).toArray();
  }

  /** Wanda's masks, each block's from what the pruned ones before it give. */
  @ParameterizedTest
  @MethodSource("backends")
  void eachBlockIsJudgedByWhatItWillGet(String backend) throws IOException {
    for (Pattern pattern : List.of(Pattern.P2_4, new Pattern(4, 8))) {
      TinyModel model = TinyModel.random(TinyModel.config(true), random, false);
      Path in = model.write(dir.resolve("in-" + pattern.of()), DType.F32);
      Path out = dir.resolve("out-" + pattern.of());
      int[] tokens = text(model.config);
      ModelPruner.Result result =
          prune(
              backend,
              in,
              out,
              samples(tokens),
              plan("wanda", pattern, SparseFormat.DENSE),
              (done, of, what) -> {});
      Map<String, float[]> after = weights(out);
      BlockOracle oracle = new BlockOracle(model.config);
      List<double[][]> crops = crops(model, tokens);
      int wrong = 0;
      for (int block = 0; block < model.config.layers(); block++) {
        List<BlockOracle.Pass> before = new ArrayList<>();
        for (double[][] crop : crops) {
          before.add(oracle.run(model.weights, block, crop));
        }
        for (BlockLinear linear : BlockLinear.values()) {
          String name = linear.module(block) + ".weight";
          wrong +=
              compare(
                  pattern,
                  TinyModel.value(model.weights, name),
                  TinyModel.value(after, name),
                  norms(before, linear.input()));
        }
        crops.replaceAll(new Next(oracle, after, block)::of);
      }
      assertEquals(0, wrong, pattern + ", seed " + seed);
      assertEquals(14, result.layers().size());
      for (ModelPruner.Layer layer : result.layers()) {
        assertTrue(layer.relativeError() > 0 && layer.relativeError() < 1, layer.toString());
        assertTrue(layer.keptEnergy() > 0.5 && layer.keptEnergy() < 1, layer.toString());
      }
      // What was not pruned is as it was.
      assertArrayEquals(
          TinyModel.value(model.weights, "model.embed_tokens.weight"),
          TinyModel.value(after, "model.embed_tokens.weight"));
    }
  }

  private record Next(BlockOracle oracle, Map<String, float[]> weights, int block) {
    double[][] of(double[][] crop) {
      return oracle.run(weights, block, crop).output;
    }
  }

  private static List<double[][]> crops(TinyModel model, int[] tokens) {
    float[] table = TinyModel.value(model.weights, "model.embed_tokens.weight");
    int hidden = model.config.hiddenSize();
    Random draws = new Random(5);
    List<double[][]> crops = new ArrayList<>();
    for (int sample = 0; sample < SAMPLES; sample++) {
      int from = draws.nextInt(tokens.length - SEQ + 1);
      double[][] x = new double[SEQ][hidden];
      for (int i = 0; i < SEQ; i++) {
        for (int j = 0; j < hidden; j++) {
          x[i][j] = table[tokens[from + i] * hidden + j];
        }
      }
      crops.add(x);
    }
    return crops;
  }

  private static double[] norms(List<BlockOracle.Pass> passes, BlockInput input) {
    int k = Objects.requireNonNull(passes.getFirst().inputs.get(input))[0].length;
    double[] squared = new double[k];
    for (BlockOracle.Pass pass : passes) {
      for (double[] row : Objects.requireNonNull(pass.inputs.get(input))) {
        for (int j = 0; j < k; j++) {
          squared[j] += row[j] * row[j] / passes.size();
        }
      }
    }
    return squared;
  }

  /** Groups that keep others than the highest scores, by more than rounding. */
  private static int compare(Pattern pattern, float[] w, float[] pruned, double[] squared) {
    int wrong = 0;
    for (int at = 0; at < w.length; at += pattern.of()) {
      double least = Double.POSITIVE_INFINITY;
      double most = 0;
      int kept = 0;
      for (int i = at; i < at + pattern.of(); i++) {
        double score = Math.abs(w[i]) * Math.sqrt(squared[i % squared.length]);
        if (pruned[i] == w[i]) {
          kept++;
          least = Math.min(least, score);
        } else {
          wrong += pruned[i] == 0 ? 0 : 1;
          most = Math.max(most, score);
        }
      }
      wrong += kept == pattern.keep() && most <= least * (1 + 1e-4) ? 0 : 1;
    }
    return wrong;
  }

  /** Wherever a run ends, the next goes on, and what comes of it is the same byte for byte. */
  @ParameterizedTest
  @MethodSource("backends")
  void aRunThatWasKilledGoesOn(String backend) throws IOException {
    TinyModel model = TinyModel.random(TinyModel.config(false), random, false);
    for (DType dtype : List.of(DType.F32, DType.BF16)) {
      Path in = model.write(dir.resolve("in-" + dtype), dtype);
      int[] tokens = text(model.config);
      LayerPlan options =
          dtype == DType.F32
              ? plan("wanda", Pattern.P2_4, SparseFormat.BITMASK)
              : new LayerPlan(
                  PruningMethods.named("sparsegpt"),
                  Pattern.P2_4,
                  SparseFormat.BITMASK,
                  new Compensation(Compensation.Kind.EORA, 3));
      Path unbroken = dir.resolve("unbroken-" + dtype);
      ModelPruner.Result all =
          prune(backend, in, unbroken, samples(tokens), options, (done, of, what) -> {});
      Path out = dir.resolve("broken-" + dtype);
      Path under = dir.resolve("broken-" + dtype + ".pruning");
      for (int pass : new int[] {1, SAMPLES + 2, 2 * SAMPLES + 1, 4 * SAMPLES}) {
        assertThrows(
            IllegalStateException.class,
            () ->
                prune(
                    backend,
                    in,
                    out,
                    samples(tokens),
                    options,
                    (done, of, what) -> {
                      if (done == pass) {
                        throw new IllegalStateException("killed");
                      }
                    }));
        assertTrue(Files.isDirectory(under));
        assertFalse(Files.exists(out));
      }
      LayerPlan other = plan("magnitude", Pattern.P2_4, SparseFormat.BITMASK);
      IOException e =
          assertThrows(
              IOException.class,
              () -> prune(backend, in, out, samples(tokens), other, (done, of, what) -> {}));
      assertTrue(
          String.valueOf(e.getMessage()).contains("methods is \"" + options), e.getMessage());

      // Another model at the same path is not mixed with what was done of this one.
      Path shard;
      try (Stream<Path> list = Files.list(in)) {
        shard = list.filter(f -> f.toString().endsWith(".safetensors")).findFirst().orElseThrow();
      }
      FileTime written = Files.getLastModifiedTime(shard);
      Files.setLastModifiedTime(shard, FileTime.fromMillis(written.toMillis() + 2000));
      IOException changed =
          assertThrows(
              IOException.class,
              () -> prune(backend, in, out, samples(tokens), options, (done, of, what) -> {}));
      assertTrue(String.valueOf(changed.getMessage()).contains("weights is"), changed.getMessage());
      Files.setLastModifiedTime(shard, written);

      ModelPruner.Result last =
          prune(backend, in, out, samples(tokens), options, (done, of, what) -> {});
      assertEquals(1, last.resumedAt());
      assertEquals(
          all.layers().stream().map(ModelPruner.Layer::relativeError).toList(),
          last.layers().stream().map(ModelPruner.Layer::relativeError).toList());
      assertFalse(Files.exists(under));
      try (Stream<Path> list = Files.list(unbroken)) {
        for (Path file : list.toList()) {
          assertEquals(
              -1,
              Files.mismatch(file, out.resolve(file.getFileName().toString())),
              file.toString());
        }
      }
      try (Session session = Backends.open(backend);
          LanguageModel pruned =
              LanguageModel.open(session, out, LanguageModel.Weights.AS_STORED, 9, 9)) {
        assertEquals(14, pruned.sparseWeights());
      }
    }
  }

  /** Beside a pruned weight stands what makes up for it, and the model that is read has it. */
  @ParameterizedTest
  @MethodSource("backends")
  void lowRankTermsMakeOutputsNearer(String backend) throws IOException {
    TinyModel model = TinyModel.random(TinyModel.config(true), random, false);
    Path in = model.write(dir.resolve("in"), DType.F32);
    int[] tokens = text(model.config);
    Map<String, Double> errors = new LinkedHashMap<>();
    for (Compensation compensation :
        java.util.Arrays.asList(
            null,
            new Compensation(Compensation.Kind.SVD, 4),
            new Compensation(Compensation.Kind.EORA, 4))) {
      Path out = dir.resolve("out-" + errors.size());
      LayerPlan plan =
          new LayerPlan(
              PruningMethods.named("wanda"), Pattern.P2_4, SparseFormat.BITMASK, compensation);
      ModelPruner.Result result =
          prune(
              backend, in, out, ModelPruner.crops(tokens, 12, 30, 1), plan, (done, of, what) -> {});
      errors.put(
          plan.toString(),
          result.layers().stream().mapToDouble(ModelPruner.Layer::relativeError).sum());
      try (Session session = Backends.open(backend);
          LanguageModel dense =
              LanguageModel.open(session, in, LanguageModel.Weights.AS_STORED, 30, 30);
          LanguageModel pruned =
              LanguageModel.open(session, out, LanguageModel.Weights.AS_STORED, 30, 30);
          BlockErrors outputs = new BlockErrors(dense, java.util.Arrays.copyOf(tokens, 30))) {
        errors.put("blocks of " + plan, outputs.of(pruned)[1]);
      }
      if (compensation != null) {
        // Others can't be put beside them.
        IOException e =
            assertThrows(
                IOException.class,
                () ->
                    prune(
                        backend,
                        out,
                        dir.resolve("no"),
                        samples(tokens),
                        plan,
                        (done, of, what) -> {}));
        assertTrue(String.valueOf(e.getMessage()).contains("has adapters already"), e.getMessage());
        LayerPlan reordered =
            new LayerPlan(
                PruningMethods.named("wanda"), Pattern.P2_4, SparseFormat.DENSE, null, true);
        e =
            assertThrows(
                IOException.class,
                () ->
                    prune(
                        backend,
                        out,
                        dir.resolve("no"),
                        samples(tokens),
                        reordered,
                        (done, of, what) -> {}));
        assertTrue(
            String.valueOf(e.getMessage())
                .endsWith("has adapters, which channels can't be reordered beside"),
            e.getMessage());
      }
    }
    List<Double> all = List.copyOf(errors.values());
    String what = errors + ", seed " + seed;
    assertTrue(all.get(2) < all.get(0) && all.get(3) < all.get(1), what);
    assertTrue(all.get(4) < all.get(2), what);
    assertTrue(all.get(5) < all.get(1), what);
  }

  /** Nothing is dropped, but channels are reordered: the weights are others, the model is not. */
  @ParameterizedTest
  @MethodSource("backends")
  void reorderedChannelsComputeTheSame(String backend) throws IOException {
    TinyModel model = TinyModel.random(TinyModel.config(true), random, false);
    Path in = model.write(dir.resolve("in"), DType.F32);
    int[] tokens = text(model.config);
    for (String method : List.of("ria", "gblm", "magnitude")) {
      Path out = dir.resolve("out-" + method);
      LayerPlan plan =
          new LayerPlan(
              PruningMethods.named(method), new Pattern(4, 4), SparseFormat.DENSE, null, true);
      ModelPruner.Result result =
          prune(backend, in, out, samples(tokens), plan, (done, of, what) -> {});
      for (ModelPruner.Layer layer : result.layers()) {
        assertEquals(0, layer.relativeError(), 1e-5, layer.toString());
        assertEquals(1, layer.keptEnergy(), 1e-5, layer.toString());
      }
      Map<String, float[]> after = weights(out);
      for (BlockLinear each : BlockLinear.values()) {
        String name = each.module(1) + ".weight";
        assertEquals(
            each == BlockLinear.Q || each == BlockLinear.K,
            java.util.Arrays.equals(
                TinyModel.value(model.weights, name), TinyModel.value(after, name)),
            name);
      }
      try (Session session = Backends.open(backend);
          LanguageModel dense =
              LanguageModel.open(session, in, LanguageModel.Weights.AS_STORED, 30, 30);
          LanguageModel same =
              LanguageModel.open(session, out, LanguageModel.Weights.AS_STORED, 30, 30);
          BlockErrors outputs = new BlockErrors(dense, java.util.Arrays.copyOf(tokens, 30))) {
        assertEquals(0, outputs.of(same)[1], 1e-5, method + ", seed " + seed);
      }
    }
  }

  /** Of heads that are wider than a group, and shared: by the right scores more of them stays. */
  @ParameterizedTest
  @MethodSource("backends")
  void whatIsReorderedKeepsMore(String backend) throws IOException {
    DecoderConfig config =
        new DecoderConfig(16, 64, 1, 4, 2, 16, 1e-5f, 100, null, true, 19, 40, List.of());
    TinyModel model = TinyModel.random(config, random, false);
    Map<BlockLinear, Double> small = new LinkedHashMap<>();
    for (BlockLinear each : List.of(BlockLinear.O, BlockLinear.DOWN)) {
      // Eight channels in a row matter; of two heads that share values, not the same ones.
      float[] w = TinyModel.value(model.weights, each.module(0) + ".weight");
      int k = (int) each.k(config);
      double all = 0;
      double others = 0;
      for (int i = 0; i < w.length; i++) {
        int column = i % k;
        boolean large = (column % 16 + 16 - column / 16 % 2 * 4) % 16 < 8;
        w[i] *= large ? 8 : 1;
        all += w[i] * (double) w[i];
        others += large ? 0 : w[i] * (double) w[i];
      }
      small.put(each, others / all);
    }
    Path in = model.write(dir.resolve("in"), DType.F32);
    List<int[]> samples = samples(text(config));
    List<List<ModelPruner.Layer>> layers = new ArrayList<>();
    for (boolean reordered : new boolean[] {false, true}) {
      LayerPlan plan =
          new LayerPlan(
              PruningMethods.named("magnitude"), Pattern.P2_4, SparseFormat.DENSE, null, reordered);
      Path out = dir.resolve("out" + reordered);
      layers.add(prune(backend, in, out, samples, plan, (done, of, what) -> {}).layers());
    }
    // Side by side two of four large ones go; where each group has two, no more than the others.
    small.forEach((each, share) -> {
      double before = 1 - layers.getFirst().get(each.ordinal()).keptEnergy();
      double after = 1 - layers.getLast().get(each.ordinal()).keptEnergy();
      assertTrue(
          before > 2 * share && after < share + 1e-6,
          each + ": " + before + ", " + after + ", " + share + ", seed " + seed);
    });
  }

  /** EoRA is the best there is for its inputs, so these have to be in the weight's order. */
  @ParameterizedTest
  @MethodSource("backends")
  void whatCompensatesKnowsOfTheOrder(String backend) throws IOException {
    TinyModel model = TinyModel.random(TinyModel.config(true), random, false);
    Path in = model.write(dir.resolve("in"), DType.F32);
    List<int[]> samples = samples(text(model.config)).subList(0, 1);
    List<List<ModelPruner.Layer>> layers = new ArrayList<>();
    for (Compensation.Kind kind : List.of(Compensation.Kind.EORA, Compensation.Kind.SVD)) {
      LayerPlan plan =
          new LayerPlan(
              PruningMethods.named("wanda"),
              Pattern.P2_4,
              SparseFormat.DENSE,
              new Compensation(kind, 6),
              true);
      Path out = dir.resolve("out" + kind);
      layers.add(prune(backend, in, out, samples, plan, (done, of, what) -> {}).layers());
    }
    // Inputs of the first block are the same in both.
    for (int i = 0; i < BlockLinear.values().length; i++) {
      ModelPruner.Layer eora = layers.getFirst().get(i);
      ModelPruner.Layer svd = layers.getLast().get(i);
      assertTrue(
          eora.relativeError() <= svd.relativeError() * (1 + 1e-4),
          eora + ", " + svd + ", seed " + seed);
    }
  }

  /** Gradients by differences of the loss, at places where they are not small. */
  @Test
  void gradientsAreThoseOfTheLoss() throws IOException {
    TinyModel model = TinyModel.random(TinyModel.config(true), random, false);
    Path in = model.write(dir.resolve("in"), DType.F32);
    List<int[]> sequences = List.of(text(model.config), text(model.config));
    sequences = sequences.stream().map(sequence -> java.util.Arrays.copyOf(sequence, 9)).toList();
    Path file = dir.resolve("gradients.safetensors");
    try (Session session = Backends.open("reference");
        Checkpoint checkpoint = Checkpoint.open(in)) {
      ModelGradients.write(
          session, model.config, new ModelWeights(session, checkpoint, false), sequences, file);
    }
    try (Safetensors gradients = Safetensors.open(file);
        Arena arena = Arena.ofConfined()) {
      for (BlockLinear linear : BlockLinear.values()) {
        String name = linear.module(1) + ".weight";
        Matrix sums = gradients.tensor(name + ModelGradients.SUFFIX).matrix(arena);
        int at = largest(sums);
        double expected = 0;
        for (int[] sequence : sequences) {
          expected += Math.abs(slope(model, name, at, sequence));
        }
        double actual = sums.get(at / sums.cols(), at % sums.cols());
        assertEquals(expected, actual, 1e-2 * expected, name + ", seed " + seed);
      }
    }
  }

  private static int largest(Matrix of) {
    int largest = 0;
    for (int i = 1; i < of.rows() * of.cols(); i++) {
      if (of.get(i / of.cols(), i % of.cols()) > of.get(largest / of.cols(), largest % of.cols())) {
        largest = i;
      }
    }
    return largest;
  }

  /** Of the mean loss, by a central difference. */
  private double slope(TinyModel model, String name, int at, int[] sequence) throws IOException {
    double h = 1e-2;
    double[] losses = new double[2];
    for (int side = 0; side < 2; side++) {
      float[] one = new float[TinyModel.value(model.weights, name).length];
      one[at] = 1;
      Map<String, float[]> direction = new LinkedHashMap<>();
      model.weights.forEach((other, w) -> direction.put(other, new float[w.length]));
      direction.put(name, one);
      Path moved = dir.resolve("moved-" + java.util.UUID.randomUUID());
      model.plus(side == 0 ? h : -h, direction).write(moved, DType.F32);
      try (Session session = Backends.open("reference");
          LanguageModel run =
              LanguageModel.open(session, moved, LanguageModel.Weights.AS_STORED, 9, 9)) {
        losses[side] = java.util.Arrays.stream(run.losses(sequence)).average().orElseThrow();
      }
    }
    return (losses[0] - losses[1]) / (2 * h);
  }

  @Test
  void saysWhatDoesNotFit() throws IOException {
    TinyModel model = TinyModel.random(TinyModel.config(false), random, false);
    Path in = model.write(dir.resolve("in"), DType.F32);
    Path out = dir.resolve("out");
    LayerPlan options = plan("magnitude", Pattern.P2_4, SparseFormat.DENSE);
    assertThrowsWith(
        "text: has 7 tokens, a crop needs 8",
        () -> prune("reference", in, out, samples(new int[7]), options, (done, of, what) -> {}));
    try (Session session = Backends.open("reference");
        Checkpoint checkpoint = Checkpoint.open(in)) {
      assertThrowsWith(
          "'lm_head.weight' is no linear layer of a block",
          () ->
              ModelPruner.prune(
                  session,
                  checkpoint,
                  out,
                  Map.of("lm_head.weight", options),
                  samples(new int[8]),
                  (done, of, what) -> {}));
      assertThrowsWith(
          "samples: one has 41 tokens, the model knows 40 positions",
          () ->
              ModelPruner.prune(
                  session,
                  checkpoint,
                  out,
                  Map.of(),
                  List.of(new int[41]),
                  (done, of, what) -> {}));
    }
    assertThrowsWith(
        "samples: must be of one length",
        () ->
            prune(
                "reference",
                in,
                out,
                List.of(new int[5], new int[6]),
                plan("gblm", Pattern.P2_4, SparseFormat.DENSE),
                (done, of, what) -> {}));
    assertThrowsWith(
        "samples: token 19 is none",
        () ->
            prune(
                "reference",
                in,
                out,
                List.of(new int[] {18, 19}),
                options,
                (done, of, what) -> {}));
  }

  private static void assertThrowsWith(
      String text, org.junit.jupiter.api.function.Executable does) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, does);
    assertTrue(String.valueOf(e.getMessage()).contains(text), e.getMessage());
  }
}
