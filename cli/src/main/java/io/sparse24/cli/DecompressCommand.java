package io.sparse24.cli;

import io.sparse24.api.Compressed24;
import io.sparse24.api.Session;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.CheckpointCopy;
import io.sparse24.format.CheckpointWriter;
import io.sparse24.format.SparseFormat;
import io.sparse24.format.Weight;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** From compressed weights back to dense ones. */
@Command(
    name = "decompress",
    mixinStandardHelpOptions = true,
    description = "Writes a checkpoint's compressed weights dense, kept values bit for bit.")
final class DecompressCommand implements Callable<Integer> {
  @Mixin InOut paths = new InOut();

  @Mixin BackendOption backend = new BackendOption();

  @Option(names = "--json", description = "JSON on standard output.")
  boolean json;

  @Spec CommandSpec spec = CommandSpec.create();

  record Result(
      String in,
      String out,
      String backend,
      int decompressed,
      int untouched,
      long bytesIn,
      long bytesOut) {}

  @Override
  public Integer call() throws IOException {
    Result result;
    Target.checkNew(paths.out);
    try (Checkpoint checkpoint = Checkpoint.open(paths.in);
        Session session = backend.open()) {
      result = decompress(checkpoint, session);
    }
    PrintWriter printer = spec.commandLine().getOut();
    if (json) {
      Json.print(printer, result);
    } else {
      printer.printf(
          Locale.ROOT,
          "%s decompressed, %s untouched: %,d -> %,d bytes%n%s%n",
          Count.of(result.decompressed(), "weight"),
          Count.of(result.untouched(), "tensor"),
          result.bytesIn(),
          result.bytesOut(),
          paths.out);
      printer.flush();
    }
    return 0;
  }

  private Result decompress(Checkpoint checkpoint, Session session) throws IOException {
    CheckpointCopy copy = new CheckpointCopy(checkpoint);
    int compressed = 0;
    for (Weight weight : copy.weights()) {
      if (weight.isCompressed()) {
        copy.store(weight, SparseFormat.DENSE);
        compressed++;
      }
    }
    if (compressed == 0) {
      throw new IllegalArgumentException(
          paths.in + ": has no compressed weight (neither sparse-24-bitmask nor torch)");
    }
    try (CheckpointWriter writer = copy.start(paths.out);
        Progress progress =
            new Progress(spec.commandLine().getErr(), "decompress", Math.max(copy.bytesIn(), 1))) {
      for (Weight weight : copy.weights()) {
        if (weight.isCompressed()) {
          write(session, weight, writer);
        } else {
          copy.pass(weight, writer);
        }
        progress.step(weight.storedBytes(), weight.name());
      }
      copy.finish(writer);
    }
    return new Result(
        paths.in.toString(),
        paths.out.toString(),
        session.info().backend(),
        compressed,
        copy.weights().size() - compressed,
        copy.bytesIn(),
        copy.bytesOut());
  }

  private static void write(Session session, Weight weight, CheckpointWriter writer)
      throws IOException {
    try (Arena arena = Arena.ofShared()) {
      Compressed24 compressed =
          Compressed24.allocate(
              arena, weight.info().shape().get(0), weight.info().shape().get(1), weight.dtype());
      weight.read(compressed);
      for (MemorySegment part : SparseFormat.DENSE.encode(session, compressed, arena)) {
        writer.write(part);
      }
    }
  }
}
