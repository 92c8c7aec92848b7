package io.sparse24.llm;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparse24.Pattern;
import io.sparse24.api.Compressed24;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.format.CheckpointWriter;
import io.sparse24.format.SparseFormat;
import io.sparse24.format.TensorInfo;
import io.sparse24.format.TensorType;
import io.sparse24.train.MaskedLinear;
import io.sparse24.train.SlopeLinear;
import io.sparse24.train.TrainableLinear;
import io.sparse24.train.TrainableMatrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A trained decoder as a Hugging Face directory. SLoPe's adapters are not added to the weights,
 * which would make them dense, but stand beside them as {@code <module>.lora_A.weight} {@code
 * [rank, k]} and {@code <module>.lora_B.weight} {@code [n, rank]}, Y = X Wᵀ + (X Aᵀ) Bᵀ; {@code
 * config.json} says so under {@code sparse24_adapters}.
 */
final class ModelFiles {
  /** Key of {@code config.json}: {@code {"rank": r, "scale": 1}}. */
  static final String ADAPTERS = "sparse24_adapters";

  private final Session session;
  private final Decoder decoder;
  private final SparseFormat format;
  private final List<TensorInfo> infos = new ArrayList<>();
  private final List<String> denseNames = new ArrayList<>();
  private long elements;
  private long dropped;
  private long rank;

  private ModelFiles(Decoder decoder, SparseFormat format) {
    this.session = decoder.session();
    this.decoder = decoder;
    this.format = format;
  }

  /** Puts it together apart and moves it up, so that each file appears when it is whole. */
  static void write(Decoder decoder, SparseFormat format, RunFolder run) throws IOException {
    Path apart = run.exported();
    delete(apart);
    new ModelFiles(decoder, format).write(apart);
    ByteTokenizer.write(apart);
    try (Stream<Path> list = Files.list(apart)) {
      for (Path file : list.sorted(Comparator.reverseOrder()).toList()) {
        Files.move(
            file,
            run.folder().resolve(file.getFileName()),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      }
    }
    delete(apart);
  }

  private static void delete(Path tree) throws IOException {
    if (Files.exists(tree)) {
      try (Stream<Path> list = Files.list(tree)) {
        for (Path file : list.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(tree);
    }
  }

  /** Whether a layer is stored as 2:4: SR-STE's too, if that is its pattern. */
  private static boolean is24(TrainableLinear linear) {
    return linear instanceof SlopeLinear
        || (linear instanceof MaskedLinear masked && masked.pattern().equals(Pattern.P2_4));
  }

  private void write(Path folder) throws IOException {
    plan();
    ObjectNode config = decoder.config().json(decoder.dtype());
    format.describe(config, (double) dropped / elements, denseNames);
    if (rank > 0) {
      config.putObject(ADAPTERS).put("rank", rank).put("scale", 1);
    }
    try (CheckpointWriter writer =
        CheckpointWriter.create(
            folder, infos, Map.of("format", "pt"), CheckpointWriter.DEFAULT_SHARD_BYTES)) {
      for (Map.Entry<String, TrainableLinear> entry : decoder.linears().entrySet()) {
        try (Arena arena = Arena.ofConfined()) {
          for (MemorySegment part : parts(entry.getValue(), arena)) {
            writer.write(part);
          }
        }
      }
      for (TrainableMatrix other : decoder.others().values()) {
        try (Arena arena = Arena.ofConfined()) {
          writer.write(other.host(arena).segment());
        }
      }
      writer.commit(config);
    }
  }

  private void plan() {
    decoder
        .linears()
        .forEach((module, linear) -> {
          String name = module + Names.WEIGHT;
          long size = linear.n() * linear.k();
          elements += size;
          if (is24(linear)) {
            dropped += size / 2;
            infos.addAll(format.parts(name, linear.dtype(), linear.n(), linear.k()));
          } else {
            denseNames.add(name);
            infos.addAll(SparseFormat.DENSE.parts(name, linear.dtype(), linear.n(), linear.k()));
          }
          planAdapters(module, linear);
        });
    decoder
        .others()
        .forEach((module, other) -> {
          Matrix values = other.values();
          elements += values.rows() * values.cols();
          TensorType type = TensorType.of(values.dtype());
          String name = module + Names.WEIGHT;
          if (values.rows() == 1) {
            infos.add(TensorInfo.of(name, type, values.cols()));
          } else {
            denseNames.add(name);
            infos.add(TensorInfo.of(name, type, values.rows(), values.cols()));
          }
        });
  }

  private void planAdapters(String module, TrainableLinear linear) {
    if (linear instanceof SlopeLinear slope && slope.adapterRank() > 0) {
      rank = slope.adapterRank();
      TensorType type = TensorType.of(slope.dtype());
      infos.add(TensorInfo.of(module + Names.ADAPTER_L, type, rank, slope.k()));
      infos.add(TensorInfo.of(module + Names.ADAPTER_R, type, slope.n(), rank));
      elements += rank * (slope.n() + slope.k());
    }
  }

  private List<MemorySegment> parts(TrainableLinear linear, Arena arena) {
    if (!is24(linear)) {
      return List.of(linear.dense(arena).segment());
    }
    if (!(linear instanceof SlopeLinear slope)) {
      return format.encode(session, compressed(linear.dense(arena), arena), arena);
    }
    List<MemorySegment> parts = new ArrayList<>(format.encode(session, slope.weight(arena), arena));
    SlopeLinear.AdapterWeights adapters = slope.adapters(arena);
    if (adapters != null) {
      parts.add(adapters.l().segment());
      parts.add(adapters.r().segment());
    }
    return parts;
  }

  private Compressed24 compressed(Matrix w, Arena arena) {
    Compressed24 out = Compressed24.allocate(arena, w.rows(), w.cols(), w.dtype());
    try (Scratch scratch = session.scratch()) {
      Compressed24 there = scratch.compressed(w.rows(), w.cols(), w.dtype());
      session.compress24(scratch.upload(w), there);
      session.synchronize();
      scratch.download(there, out);
    }
    return out;
  }
}
