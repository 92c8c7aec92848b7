package io.sparse24.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparse24.api.DType;
import io.sparse24.format.CheckpointWriter;
import io.sparse24.format.TensorInfo;
import io.sparse24.format.TensorType;
import io.sparse24.llm.DecoderConfig;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A model that does not fit into the memory that is allowed is pruned a block at a time. */
final class LargeModelTest {
  private static final int HIDDEN = 512;
  private static final int MIDDLE = 1536;
  private static final int BLOCKS = 48;
  private static final long SHARD = 48L << 20;
  private static final String HEAP = "-Xmx64m";

  @TempDir Path dir = Path.of("");

  private static List<TensorInfo> tensors() {
    List<TensorInfo> infos = new ArrayList<>();
    infos.add(TensorInfo.of("model.embed_tokens.weight", TensorType.BF16, 256, HIDDEN));
    for (int block = 0; block < BLOCKS; block++) {
      String name = "model.layers." + block + ".";
      for (String square : List.of("q", "k", "v", "o")) {
        infos.add(
            TensorInfo.of(
                name + "self_attn." + square + "_proj.weight", TensorType.BF16, HIDDEN, HIDDEN));
      }
      infos.add(TensorInfo.of(name + "mlp.gate_proj.weight", TensorType.BF16, MIDDLE, HIDDEN));
      infos.add(TensorInfo.of(name + "mlp.up_proj.weight", TensorType.BF16, MIDDLE, HIDDEN));
      infos.add(TensorInfo.of(name + "mlp.down_proj.weight", TensorType.BF16, HIDDEN, MIDDLE));
      infos.add(TensorInfo.of(name + "input_layernorm.weight", TensorType.BF16, HIDDEN));
      infos.add(TensorInfo.of(name + "post_attention_layernorm.weight", TensorType.BF16, HIDDEN));
    }
    infos.add(TensorInfo.of("model.norm.weight", TensorType.BF16, HIDDEN));
    return infos;
  }

  private Path model() throws IOException {
    Path folder = dir.resolve("model");
    DecoderConfig config =
        new DecoderConfig(
            HIDDEN, MIDDLE, BLOCKS, 8, 8, 64, 1e-5f, 10000, null, true, 256, 64, List.of());
    SplittableRandom random = new SplittableRandom(1);
    List<TensorInfo> infos = tensors();
    try (CheckpointWriter writer = CheckpointWriter.create(folder, infos, Map.of(), SHARD)) {
      for (TensorInfo info : infos) {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment values = arena.allocate(info.bytes());
          boolean norm = info.shape().size() == 1;
          for (long i = 0; i < info.elements(); i++) {
            float value = norm ? 1 : (random.nextInt(201) - 100) / 2000f;
            short bits = (short) (Float.floatToRawIntBits(value) >>> 16);
            values.setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
          }
          writer.write(values);
        }
      }
      writer.commit(config.json(DType.BF16));
    }
    // The tokenizer of bytes, as training writes it.
    Path text = Files.writeString(dir.resolve("text.txt"), "int next = last + 1;\n".repeat(50));
    Path small = dir.resolve("small");
    S24.good(
        "train",
        "--preset=micro",
        "--data",
        text,
        "--out",
        small,
        "--steps=1",
        "--seq=16",
        "--backend=reference");
    Files.copy(small.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    return folder;
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void aModelLargerThanTheHeapIsPruned() throws Exception {
    Path model = model();
    assertTrue(Files.exists(model.resolve("model.safetensors.index.json")), "is in shards");
    long bytes = tensors().stream().mapToLong(TensorInfo::bytes).sum();
    assertTrue(bytes > 4 * (64L << 20), "is larger than the heap by far: " + bytes);
    Path out = dir.resolve("out");
    Path log = dir.resolve("log.json");
    ProcessBuilder child =
        S24.child(
            log,
            "prune",
            model.toString(),
            out.toString(),
            "--method=wanda",
            "--calibration-text=" + dir.resolve("text.txt"),
            "--samples=2",
            "--seq=16",
            "--json");
    child.command().add(1, HEAP);
    child.redirectErrorStream(false).redirectError(ProcessBuilder.Redirect.DISCARD);
    Process process = child.start();
    long most = 0;
    while (!process.waitFor(20, TimeUnit.MILLISECONDS)) {
      most = Math.max(most, anonymous(process.pid()));
    }
    assertEquals(0, process.exitValue());
    JsonNode result = Json.MAPPER.readTree(Files.readString(log));
    assertEquals(7 * BLOCKS, result.get("pruned").size());
    assertEquals(bytes, result.get("bytes_in").asLong());
    // The bound that is printed, and what the system says: the process never had a model's worth of
    // memory of its own. Mapped files are the system's to keep or to drop.
    assertTrue(result.get("by_text").get("working_bytes").asLong() < bytes / 10, result.toString());
    assertTrue(most < bytes * 3 / 4, most + " of " + bytes);
    for (String file : List.of("config.json", "tokenizer.json", "model.safetensors")) {
      assertTrue(Files.isRegularFile(out.resolve(file)), file);
    }
    S24.good("check", out, "--against", model);
  }

  /** Bytes of a process that no file backs; 0 where the system does not say. */
  private static long anonymous(long pid) {
    try {
      return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
          .filter(line -> line.startsWith("RssAnon:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0; // it has just ended, or this is no Linux
    }
  }
}
