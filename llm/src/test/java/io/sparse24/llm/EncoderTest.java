package io.sparse24.llm;

import static io.sparse24.llm.Runs.prune;
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
import io.sparse24.format.CheckpointWriter;
import io.sparse24.format.SparseFormat;
import io.sparse24.format.Tensor;
import io.sparse24.format.TensorInfo;
import io.sparse24.format.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A small encoder: pruned block by block, embedded, compared. */
final class EncoderTest {
  private static final EncoderConfig CONFIG = new EncoderConfig(16, 24, 2, 4, 20, 31, 1e-12);

  @TempDir Path dir = Path.of("");

  private final long seed = Long.getLong("s24.seed", System.nanoTime());
  private final Random random = new Random(seed);

  static Stream<String> backends() {
    return Runs.backends();
  }

  private Path write(String name) throws IOException {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put("embeddings.word_embeddings.weight", new long[] {31, 16});
    shapes.put("embeddings.position_embeddings.weight", new long[] {20, 16});
    shapes.put("embeddings.token_type_embeddings.weight", new long[] {2, 16});
    List<String> norms = new ArrayList<>(List.of("embeddings.LayerNorm"));
    for (LinearLayer layer : EncoderBlocks.layers(CONFIG)) {
      shapes.put(layer.weight(), new long[] {layer.n(), layer.k()});
      shapes.put(layer.module() + ".bias", new long[] {layer.n()});
    }
    for (int block = 0; block < CONFIG.layers(); block++) {
      norms.add(EncoderLinear.block(block) + "attention.output.LayerNorm");
      norms.add(EncoderLinear.block(block) + "output.LayerNorm");
    }
    for (String norm : norms) {
      shapes.put(norm + ".weight", new long[] {16});
      shapes.put(norm + ".bias", new long[] {16});
    }
    List<TensorInfo> infos = new ArrayList<>();
    shapes.forEach((tensor, shape) -> infos.add(TensorInfo.of(tensor, TensorType.F32, shape)));
    Path folder = dir.resolve(name);
    try (CheckpointWriter writer = CheckpointWriter.create(folder, infos, Map.of(), 4000);
        Arena arena = Arena.ofConfined()) {
      for (Map.Entry<String, long[]> shape : shapes.entrySet()) {
        long elements =
            shape.getValue()[0] * (shape.getValue().length == 2 ? shape.getValue()[1] : 1);
        Matrix values = Matrix.allocate(arena, 1, elements, DType.F32);
        float shift = shape.getKey().endsWith("LayerNorm.weight") ? 1 : 0;
        for (long i = 0; i < elements; i++) {
          values.set(0, i, (float) (shift + 0.5 * random.nextGaussian()));
        }
        writer.write(values.segment());
      }
      writer.commit(CONFIG.json());
    }
    return folder;
  }

  private List<int[]> sentences(int count) {
    return Stream.generate(() -> random.ints(1 + random.nextInt(20), 0, 31).toArray())
        .limit(count)
        .toList();
  }

  /** What is pruned better stays nearer; a run that is killed goes on to the same bytes. */
  @ParameterizedTest
  @MethodSource("backends")
  void anEncoderIsPrunedBlockByBlock(String backend) throws IOException {
    Path in = write("in");
    List<int[]> samples = sentences(40);
    List<int[]> measured = sentences(30);
    Map<String, Double> cosines = new LinkedHashMap<>();
    for (LayerPlan plan :
        List.of(
            new LayerPlan(PruningMethods.named("random"), Pattern.P2_4, SparseFormat.BITMASK),
            new LayerPlan(PruningMethods.named("wanda"), Pattern.P2_4, SparseFormat.BITMASK),
            new LayerPlan(
                PruningMethods.named("sparsegpt"),
                Pattern.P2_4,
                SparseFormat.BITMASK,
                new Compensation(Compensation.Kind.EORA, 5)))) {
      Path out = dir.resolve("out" + cosines.size());
      Path again = dir.resolve("again" + cosines.size());
      ModelPruner.Result result = prune(backend, in, out, samples, plan, (done, of, what) -> {});
      assertEquals(12, result.layers().size());
      assertThrows(
          IllegalStateException.class,
          () ->
              prune(
                  backend,
                  in,
                  again,
                  samples,
                  plan,
                  (done, of, what) -> {
                    assertEquals(160, of);
                    if (done == 100) {
                      throw new IllegalStateException("killed");
                    }
                  }));
      assertEquals(1, prune(backend, in, again, samples, plan, (done, of, what) -> {}).resumedAt());
      try (Stream<Path> list = Files.list(out)) {
        for (Path file : list.toList()) {
          assertEquals(-1, Files.mismatch(file, again.resolve(file.getFileName().toString())));
        }
      }
      try (Session session = Backends.open(backend);
          EncoderModel dense = EncoderModel.open(session, in, LanguageModel.Weights.AS_STORED);
          EncoderModel pruned = EncoderModel.open(session, out, LanguageModel.Weights.AS_STORED);
          BlockErrors outputs = new BlockErrors(dense, measured.subList(0, 4))) {
        assertEquals(12, pruned.sparseWeights());
        double[] errors = outputs.of(pruned);
        assertTrue(errors[0] > 0 && errors[1] > 0, "seed " + seed);
        cosines.put(
            plan.toString(),
            Agreement.of(dense.embed(measured), pruned.embed(measured)).cosineMean());
      }
    }
    List<Double> all = List.copyOf(cosines.values());
    // Weights that were never trained have no say in whether Wanda is better than chance.
    assertTrue(all.get(0) < all.get(2) && all.get(1) < all.get(2), cosines + ", seed " + seed);
  }

  /** Nothing is dropped, but channels are reordered, and biases with them. */
  @ParameterizedTest
  @MethodSource("backends")
  void reorderedChannelsComputeTheSame(String backend) throws IOException {
    Path in = write("in");
    Path out = dir.resolve("out");
    List<int[]> measured = sentences(10);
    LayerPlan plan =
        new LayerPlan(
            PruningMethods.named("wanda"), new Pattern(4, 4), SparseFormat.DENSE, null, true);
    ModelPruner.Result result =
        prune(backend, in, out, sentences(20), plan, (done, of, what) -> {});
    for (ModelPruner.Layer layer : result.layers()) {
      assertEquals(0, layer.relativeError(), 1e-5, layer + ", seed " + seed);
    }
    try (Checkpoint before = Checkpoint.open(in);
        Checkpoint after = Checkpoint.open(out)) {
      Set<String> changed = new TreeSet<>();
      for (Tensor a : before.tensors()) {
        Tensor b = after.tensor(a.name());
        if (a.segment().mismatch(b.segment()) >= 0) {
          changed.add(a.name().replaceFirst("encoder.layer.[01].", ""));
        }
      }
      assertEquals(
          Set.of(
              "attention.self.value.weight",
              "attention.self.value.bias",
              "attention.output.dense.weight",
              "intermediate.dense.weight",
              "intermediate.dense.bias",
              "output.dense.weight"),
          changed);
    }
    try (Session session = Backends.open(backend);
        EncoderModel dense = EncoderModel.open(session, in, LanguageModel.Weights.AS_STORED);
        EncoderModel same = EncoderModel.open(session, out, LanguageModel.Weights.AS_STORED)) {
      assertEquals(
          1,
          Agreement.of(dense.embed(measured), same.embed(measured)).cosineMean(),
          1e-5,
          "seed " + seed);
    }
  }

  /** What the second block gets does not depend on the order in the first, biases included. */
  @ParameterizedTest
  @MethodSource("backends")
  void theNextBlockGetsTheSame(String backend) throws IOException {
    Path in = write("in");
    List<int[]> samples = sentences(20);
    LayerPlan last = new LayerPlan(PruningMethods.named("wanda"), Pattern.P2_4, SparseFormat.DENSE);
    List<ModelPruner.Result> results = new ArrayList<>();
    for (boolean reordered : new boolean[] {false, true}) {
      LayerPlan first =
          new LayerPlan(
              PruningMethods.named("wanda"),
              new Pattern(4, 4),
              SparseFormat.DENSE,
              null,
              reordered);
      try (Session session = Backends.open(backend);
          Checkpoint checkpoint = Checkpoint.open(in)) {
        Map<String, LayerPlan> plans = new LinkedHashMap<>();
        ModelPruner.linearWeights(checkpoint)
            .forEach(name -> plans.put(name, name.contains("layer.0.") ? first : last));
        Path out = dir.resolve("out" + reordered);
        results.add(
            ModelPruner.prune(session, checkpoint, out, plans, samples, (passes, of, what) -> {}));
      }
    }
    for (int i = 6; i < 12; i++) {
      ModelPruner.Layer one = results.getFirst().layers().get(i);
      ModelPruner.Layer other = results.getLast().layers().get(i);
      assertEquals(one.relativeError(), other.relativeError(), 1e-3, one + ", seed " + seed);
    }
  }

  /** A run that is killed goes on to the same bytes, but not with other weights chosen. */
  @Test
  void aReorderedRunIsGoneOnWith() throws IOException {
    Path in = write("in");
    List<int[]> samples = sentences(10);
    LayerPlan plan =
        new LayerPlan(PruningMethods.named("ria"), Pattern.P2_4, SparseFormat.BITMASK, null, true);
    Path out = dir.resolve("out");
    Path again = dir.resolve("again");
    prune("reference", in, out, samples, plan, (done, of, what) -> {});
    assertThrows(
        IllegalStateException.class,
        () ->
            prune(
                "reference",
                in,
                again,
                samples,
                plan,
                (done, of, what) -> {
                  if (done == 25) {
                    throw new IllegalStateException("killed");
                  }
                }));
    try (Session session = Backends.open("reference");
        Checkpoint checkpoint = Checkpoint.open(in)) {
      Map<String, LayerPlan> fewer = new LinkedHashMap<>();
      ModelPruner.linearWeights(checkpoint).stream()
          .filter(name -> name.contains("layer.1."))
          .forEach(name -> fewer.put(name, plan));
      IOException e =
          assertThrows(
              IOException.class,
              () ->
                  ModelPruner.prune(
                      session, checkpoint, again, fewer, samples, (passes, of, what) -> {}));
      assertTrue(String.valueOf(e.getMessage()).contains("again.pruning"), e.getMessage());
    }
    assertEquals(
        1, prune("reference", in, again, samples, plan, (done, of, what) -> {}).resumedAt());
    try (Stream<Path> list = Files.list(out)) {
      for (Path file : list.toList()) {
        assertEquals(-1, Files.mismatch(file, again.resolve(file.getFileName().toString())));
      }
    }
  }

  /** What can't be reordered says so. */
  @Test
  void headsThatDoNotFitAreNamed() throws IOException {
    Path in = write("in");
    LayerPlan plan =
        new LayerPlan(
            PruningMethods.named("magnitude"), new Pattern(4, 8), SparseFormat.DENSE, null, true);
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> prune("reference", in, dir.resolve("o"), sentences(2), plan, (d, of, w) -> {}));
    assertEquals(
        "reordered: 'encoder.layer.0.attention.output.dense.weight' can't be, since its heads of 4"
            + " channels don't fit 4:8; leave it out, or say 'reorder: false' of it in a recipe",
        e.getMessage());
    try (Session session = Backends.open("reference");
        Checkpoint checkpoint = Checkpoint.open(in)) {
      Map<String, LayerPlan> queries = Map.of("encoder.layer.0.attention.self.query.weight", plan);
      e =
          assertThrows(
              IllegalArgumentException.class,
              () ->
                  ModelPruner.prune(
                      session,
                      checkpoint,
                      dir.resolve("o"),
                      queries,
                      sentences(2),
                      (d, of, w) -> {}));
    }
    assertEquals(
        "reordered: none of the chosen weights multiplies what others of its block make",
        e.getMessage());
  }

  @Test
  void thereAreNoGradientsOfAnEncoder() throws IOException {
    Path in = write("in");
    LayerPlan plan = new LayerPlan(PruningMethods.named("gblm"), Pattern.P2_4, SparseFormat.DENSE);
    IOException e =
        assertThrows(
            IOException.class,
            () -> prune("reference", in, dir.resolve("out"), sentences(2), plan, (d, of, w) -> {}));
    assertTrue(String.valueOf(e.getMessage()).contains("is no decoder"), e.getMessage());
    assertFalse(Files.exists(dir.resolve("out.pruning")));
  }

  @Test
  void sentencesOfABatchFollowEachOtherWithoutGaps() {
    try (Arena arena = Arena.ofShared()) {
      SentenceBatch batch =
          new SentenceBatch(
              arena, CONFIG, List.of(new int[] {1, 2, 3}, new int[] {4}, new int[] {5, 6}));
      assertEquals(3, batch.sentences());
      assertEquals(6, batch.tokens());
      assertEquals(List.of(0, 3, 4, 6), Stream.of(0, 1, 2, 3).map(batch::start).toList());
      assertEquals(List.of(1, 2, 3, 4, 5, 6), Stream.of(0, 1, 2, 3, 4, 5).map(batch::id).toList());
      assertEquals(6, batch.hidden.rows());
      assertEquals(24, batch.intermediate.cols());
      for (int[] wrong : new int[][] {{}, new int[21], {31}, {-1}}) {
        assertThrows(
            IllegalArgumentException.class, () -> new SentenceBatch(arena, CONFIG, List.of(wrong)));
      }
    }
  }
}
