package io.sparse24.llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparse24.api.Backends;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Session;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.CheckpointWriter;
import io.sparse24.format.SparseFormat;
import io.sparse24.format.Tensor;
import io.sparse24.format.TensorInfo;
import io.sparse24.train.Rule;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is run computes what is trained, token by token or all at once, dense or sparse. */
final class LanguageModelTest {
  @TempDir Path dir = Path.of("");

  private final long seed = Long.getLong("s24.seed", System.nanoTime());
  private final Random random = new Random(seed);

  static java.util.stream.Stream<String> backends() {
    return Runs.backends();
  }

  private Path write(TinyModel model, DType dtype, String name) throws IOException {
    Path folder = model.write(dir.resolve(name), dtype);
    assertTrue(Files.exists(folder.resolve("model.safetensors.index.json")));
    return folder;
  }

  private int[] tokens(int count, int vocab) {
    return random.ints(count, 0, vocab).toArray();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void tokenByTokenAsAllAtOnceAsInTraining(String backend) throws IOException {
    for (boolean tied : new boolean[] {true, false}) {
      TinyModel model = TinyModel.random(TinyModel.config(tied), random, false);
      Path folder = write(model, DType.F32, "tied-" + tied);
      int[] tokens = tokens(32, model.config.vocabSize());
      int last = tokens.length - 1;
      try (Session session = Backends.open(backend);
          LanguageModel parts =
              LanguageModel.open(session, folder, LanguageModel.Weights.AS_STORED, 0, 7);
          LanguageModel whole =
              LanguageModel.open(session, folder, LanguageModel.Weights.AS_STORED, 33, 33);
          Decoder decoder =
              new Decoder(
                  session, model.config, DType.F32, 1, last, Recipe.dense(Rule.SGD), model)) {
        float[] expected = whole.append(tokens);
        assertArrayEquals(expected, parts.append(tokens), 2e-4f, "seed " + seed);
        parts.clear();
        float[] logits = {};
        for (int token : tokens) {
          logits = parts.append(token);
        }
        assertArrayEquals(expected, logits, 2e-4f, "seed " + seed);

        decoder.set(
            java.util.Arrays.copyOf(tokens, last),
            java.util.Arrays.copyOfRange(tokens, 1, last + 1));
        double mean = java.util.Arrays.stream(parts.losses(tokens)).average().orElseThrow();
        assertEquals(decoder.loss(), mean, 1e-5 * mean, "seed " + seed);
        assertEquals(
            mean, java.util.Arrays.stream(whole.losses(tokens)).average().orElseThrow(), 1e-5);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void denseFilesThatAre24AreMultipliedSo(String backend) throws IOException {
    TinyModel model = TinyModel.random(TinyModel.config(false), random, true);
    for (DType dtype : List.of(DType.F32, DType.BF16)) {
      Path folder = write(model, dtype, "sparse-" + dtype);
      int[] tokens = tokens(9, model.config.vocabSize());
      try (Session session = Backends.open(backend);
          LanguageModel dense =
              LanguageModel.open(session, folder, LanguageModel.Weights.AS_STORED, 9, 9);
          LanguageModel sparse =
              LanguageModel.open(session, folder, LanguageModel.Weights.SPARSE, 9, 9)) {
        assertEquals(0, dense.sparseWeights());
        assertEquals(14, sparse.sparseWeights());
        assertArrayEquals(
            dense.losses(tokens), sparse.losses(tokens), dtype == DType.F32 ? 1e-4 : 0.1);
      }
    }
  }

  /** What a run ends with is what it had: SLoPe's masks and adapters, SR-STE's last mask. */
  @ParameterizedTest
  @MethodSource("backends")
  void whatWasTrainedIsWhatIsRun(String backend) throws IOException {
    Path text = Runs.alphabet(dir);
    for (Method method : Method.values()) {
      int adapters = method == Method.SLOPE ? 4 : 0;
      TrainOptions options = Runs.options(text, method, 30, adapters);
      Path out = dir.resolve(method.id());
      Trainer.Result result = Runs.run(backend, 0, options, out, () -> false);
      Double expected = result.log().getLast().validationLoss();
      Corpus corpus = Corpus.read(text);
      int seq = options.seq();
      try (Session session = Backends.open(backend);
          LanguageModel model =
              LanguageModel.open(session, out, LanguageModel.Weights.AS_STORED, 0, seq)) {
        assertEquals(method == Method.DENSE ? 0 : 11, model.sparseWeights());
        // The windows of the trainer, which each have the token behind them.
        int[] window = new int[seq];
        int[] behind = new int[seq + 1];
        long all = (corpus.tokens(Corpus.Part.HELD_OUT) - 1) / seq;
        double sum = 0;
        for (long w = 0; w < all; w++) {
          corpus.copy(Corpus.Part.HELD_OUT, w * seq, behind);
          System.arraycopy(behind, 0, window, 0, seq);
          for (double loss : model.losses(window)) {
            sum += loss;
          }
          sum += surprise(model.append(window[seq - 1]), behind[seq]);
        }
        assertEquals(
            expected == null ? Double.NaN : expected, sum / (all * seq), 1e-4, method.id());
      }
    }
  }

  private static double surprise(float[] logits, int token) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit);
    }
    return Math.log(sum) - logits[token];
  }

  @Test
  void samplersChoose() {
    float[] logits = {1, 3, 3, -2};
    assertEquals(1, Sampler.greedy().next(logits));
    assertEquals(1, Sampler.nucleus(1, 0.1, seed).next(logits));
    Sampler two = Sampler.nucleus(1, 0.8, seed);
    Sampler same = Sampler.nucleus(1, 0.8, seed);
    int[] counts = new int[4];
    for (int i = 0; i < 1000; i++) {
      int token = two.next(logits);
      assertEquals(token, same.next(logits));
      counts[token]++;
    }
    assertEquals(0, counts[0] + counts[3], "seed " + seed);
    assertTrue(counts[1] > 350 && counts[2] > 350, "seed " + seed);
  }

  @Test
  void saysWhatDoesNotFit() throws IOException {
    TinyModel model = TinyModel.random(TinyModel.config(false), random, false);
    Path folder = write(model, DType.F32, "model");
    try (Session session = Backends.open("reference")) {
      assertThrowsWith(
          "knows 40 positions, not 41",
          () -> LanguageModel.open(session, folder, LanguageModel.Weights.AS_STORED, 41, 1));
      Path config = folder.resolve("config.json");
      ObjectNode json = model.config.json(DType.F32);
      Files.writeString(config, json.put("hidden_size", 20).toString());
      assertThrowsWith(
          "is [19, 16], config.json says [19, 20]",
          () -> LanguageModel.open(session, folder, LanguageModel.Weights.AS_STORED, 0, 1));
      json.put("hidden_size", 16).put("num_hidden_layers", 3);
      Files.writeString(config, json.toString());
      assertThrowsWith(
          "has no weight 'model.layers.2.input_layernorm.weight'",
          () -> LanguageModel.open(session, folder, LanguageModel.Weights.AS_STORED, 0, 1));
      Files.delete(config);
      assertThrowsWith(
          "has no config.json",
          () -> LanguageModel.open(session, folder, LanguageModel.Weights.AS_STORED, 0, 1));
    }
  }

  /** Their scales are in other tensors, so their elements alone are not the weight. */
  @Test
  void weightsOfEightBitsAreRefused() throws IOException {
    TinyModel model = TinyModel.random(TinyModel.config(false), random, false);
    Path folder = write(model, DType.F32, "model");
    Path out = dir.resolve("quantized");
    String name = BlockLinear.Q.module(0) + ".weight";
    try (Session session = Backends.open("reference");
        Checkpoint checkpoint = Checkpoint.open(folder);
        Arena arena = Arena.ofConfined()) {
      List<TensorInfo> infos = new ArrayList<>();
      List<MemorySegment> data = new ArrayList<>();
      for (Tensor tensor : checkpoint.tensors()) {
        if (tensor.name().equals(name)) {
          infos.addAll(SparseFormat.BITMASK.parts(name, DType.I8, 16, 16));
          Compressed24 weight = Compressed24.allocate(arena, 16, 16, DType.I8);
          weight.mask().segment().fill((byte) 0x33);
          data.addAll(SparseFormat.BITMASK.encode(session, weight, arena));
        } else {
          infos.add(tensor.info());
          data.add(tensor.segment());
        }
      }
      try (CheckpointWriter writer = CheckpointWriter.create(out, infos, Map.of(), 1 << 20)) {
        for (MemorySegment part : data) {
          writer.write(part);
        }
        writer.commit(model.config.json(DType.F32));
      }
      assertThrowsWith(
          "'" + name + "' is I8, must be F32, BF16 or F16",
          () -> LanguageModel.open(session, out, LanguageModel.Weights.AS_STORED, 0, 1));
    }
  }

  private static void assertThrowsWith(
      String text, org.junit.jupiter.api.function.Executable does) {
    IOException e = assertThrows(IOException.class, does);
    assertTrue(String.valueOf(e.getMessage()).contains(text), e.getMessage());
  }
}
