package io.sparse24.cli;

import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.cli.PruneReport.ByText;
import io.sparse24.cli.PruneReport.Done;
import io.sparse24.cli.PruneReport.Pruned;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.Weight;
import io.sparse24.llm.EncoderConfig;
import io.sparse24.llm.EncoderModel;
import io.sparse24.llm.LayerPlan;
import io.sparse24.llm.ModelPruner;
import io.sparse24.llm.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Prunes a decoder or an encoder block by block, by what samples of a text make it multiply. */
final class ModelByTextPruner {
  private static final int LONGEST_BY_DEFAULT = 2048;

  /**
   * What is drawn from the text.
   *
   * @param seq most tokens of a sample, 0 for what the model takes
   */
  record Samples(Path text, int count, int seq, long seed) {}

  private final Path in;
  private final Path out;
  private final Samples samples;
  private final CommandLine commandLine;

  ModelByTextPruner(InOut paths, Samples samples, CommandLine commandLine) {
    this.in = paths.in;
    this.out = paths.out;
    this.samples = samples;
    this.commandLine = commandLine;
  }

  Done prune(Checkpoint checkpoint, Session session, PruneTargets targets) throws IOException {
    Set<String> linears = Set.copyOf(ModelPruner.linearWeights(checkpoint));
    Map<Weight, LayerPlan> chosen =
        targets.of(checkpoint.weights(), weight -> linears.contains(weight.name()));
    Map<String, LayerPlan> byName = new LinkedHashMap<>();
    chosen.forEach((weight, plan) -> byName.put(weight.name(), plan));
    List<int[]> drawn = draw();
    ModelPruner.Result done;
    long passes = 2L * drawn.size() * ModelPruner.blocks(checkpoint);
    try (Progress bar = new Progress(commandLine.getErr(), "prune", passes)) {
      AtomicLong before = new AtomicLong();
      done =
          ModelPruner.prune(
              session,
              checkpoint,
              out,
              byName,
              drawn,
              (now, of, what) -> bar.step(now - before.getAndSet(now), what));
    } catch (Sparse24Exception.BadData e) {
      throw new IllegalArgumentException(
          in + ": " + e.getMessage() + "; mend it, or let it through with --allow-non-finite", e);
    }
    return new Done(
        done.layers().stream()
            .map(layer ->
                new Pruned(
                    layer.name(),
                    layer.plan(),
                    layer.dtype(),
                    layer.shape(),
                    layer.bytes(),
                    layer.storedBytes(),
                    layer.ms(),
                    layer.relativeError(),
                    layer.keptEnergy()))
            .toList(),
        new ByText(
            samples.text().toString(),
            drawn.size(),
            drawn.stream().mapToInt(sample -> sample.length).max().orElse(0),
            samples.seed(),
            done.forwardSeconds(),
            done.pruneSeconds(),
            done.workingBytes(),
            done.resumedAt()),
        checkpoint.weights().size() - chosen.size(),
        done.bytesIn(),
        done.bytesOut());
  }

  /** Crops of the text for a decoder, lines of it for an encoder. */
  private List<int[]> draw() throws IOException {
    boolean encoder = EncoderConfig.describes(in);
    int longest = ModelPruner.maxPositions(in);
    int length = samples.seq() == 0 ? Math.min(LONGEST_BY_DEFAULT, longest) : samples.seq();
    if (length > longest) {
      throw new ParameterException(
          commandLine, "--seq: is " + length + ", the model knows " + longest + " positions");
    }
    String content = TextFile.read(samples.text());
    try (Tokenizer tokenizer = Tokenizer.open(in)) {
      if (encoder) {
        List<String> lines = new ArrayList<>(content.lines().filter(s -> !s.isBlank()).toList());
        if (lines.isEmpty()) {
          throw new IOException(samples.text() + ": has no lines, each is to be a sentence");
        }
        Collections.shuffle(lines, new Random(samples.seed()));
        return EncoderModel.tokens(
            tokenizer, lines.subList(0, Math.min(samples.count(), lines.size())), length);
      }
      int[] tokens = tokenizer.encode(content);
      if (tokens.length < length) {
        throw new IOException(
            samples.text()
                + ": has "
                + tokens.length
                + " tokens, a crop needs "
                + length
                + "; name more text or a smaller --seq");
      }
      return ModelPruner.crops(tokens, samples.count(), length, samples.seed());
    }
  }
}
