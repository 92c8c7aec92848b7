package io.sparse24.cli;

import io.sparse24.api.Session;
import io.sparse24.llm.BlockErrors;
import io.sparse24.llm.Divergence;
import io.sparse24.llm.Divergence.Continuations;
import io.sparse24.llm.EncoderConfig;
import io.sparse24.llm.LanguageModel;
import io.sparse24.llm.Perplexity;
import io.sparse24.llm.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** How well a model predicts a text. */
@Command(
    name = "eval",
    mixinStandardHelpOptions = true,
    description =
        "Perplexity of a text under a model of the Llama family: windows that do not overlap, mean"
            + " loss of a token, exponential. With --against also where the model leaves the"
            + " other's way: the first token of greedy continuations that differs, the share of"
            + " tokens that do, and how far the outputs of its blocks are off. An encoder of the"
            + " BERT family is compared with the other by its embeddings of the text's lines.")
final class EvalCommand implements Callable<Integer> {
  private static final int LONGEST_BY_DEFAULT = 2048;

  private static final int PREFIX_BY_DEFAULT = 64;

  /** Tokens over which outputs of blocks are compared: all of them are kept. */
  private static final int BLOCK_TOKENS = 512;

  @Parameters(paramLabel = "MODEL", description = "A Hugging Face directory.")
  Path path = Path.of("");

  @Option(names = "--text", paramLabel = "PATH", required = true, description = "A text in UTF-8.")
  Path text = Path.of("");

  @Option(
      names = "--against",
      paramLabel = "DENSE",
      description = "Another model with the same tokens, such as the dense one it was made from.")
  @Nullable Path against;

  @Option(
      names = "--seq",
      paramLabel = "N",
      defaultValue = "0",
      description = "Tokens of a window. Default: the model's longest, at most 2048")
  int seq;

  @Option(
      names = "--windows",
      paramLabel = "N",
      defaultValue = "0",
      description = "Only the first N windows. Default: all")
  long windows;

  @Option(
      names = "--prefixes",
      paramLabel = "N",
      defaultValue = "16",
      description =
          "With --against: how many prefixes of the text the other model continues; 0 for none."
              + " Default: ${DEFAULT-VALUE}")
  int prefixes;

  @Option(
      names = "--prefix",
      paramLabel = "N",
      defaultValue = "0",
      description = "Tokens of a prefix. Default: 64, at most half of what the model knows")
  int prefix;

  @Option(
      names = "--continuation",
      paramLabel = "N",
      defaultValue = "0",
      description = "Tokens that are added to each. Default: 64, at most half of what it knows")
  int continuation;

  @Option(
      names = "--sparse",
      description = "Multiply weights that are stored dense but are 2:4 as such.")
  boolean sparse;

  @Mixin BackendOption backend = new BackendOption();

  @Option(names = "--json", description = "JSON on standard output.")
  boolean json;

  @Spec CommandSpec spec = CommandSpec.create();

  record Evaluated(
      String model,
      int sparseWeights,
      long windows,
      int seq,
      long tokens,
      double loss,
      double perplexity) {}

  /**
   * Beside another model.
   *
   * @param divergence of greedy continuations, null where none were asked for
   * @param blockErrors of each block's outputs, relative, over the first tokens of the text
   */
  record Beside(@Nullable Divergence divergence, List<Double> blockErrors) {}

  record Result(
      String text,
      String backend,
      Evaluated model,
      @Nullable Evaluated against,
      @Nullable Beside beside) {}

  @Override
  public Integer call() throws IOException {
    if (seq < 0 || seq == 1) {
      throw new ParameterException(spec.commandLine(), "--seq: is " + seq + ", must be at least 2");
    }
    if (windows < 0) {
      throw new ParameterException(
          spec.commandLine(), "--windows: is " + windows + ", must be at least 1");
    }
    atLeast("--prefixes", prefixes, 0);
    atLeast("--prefix", prefix, 0);
    atLeast("--continuation", continuation, 0);
    if (EncoderConfig.describes(path)) {
      return encoder();
    }
    String content = TextFile.read(text);
    Result result;
    try (Session session = backend.open()) {
      Path other = against;
      String name = session.info().backend();
      if (other == null) {
        try (Run run = new Run(session, path, content, seq)) {
          result = new Result(text.toString(), name, run.evaluate(), null, null);
        }
      } else {
        result = beside(session, other, content, name);
      }
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, result);
    } else {
      print(out, result);
      out.flush();
    }
    return 0;
  }

  private int encoder() throws IOException {
    Path other = against;
    if (other == null) {
      throw new ParameterException(
          spec.commandLine(),
          path
              + " is an encoder, which has no perplexity: name a model to compare it with,"
              + " --against DENSE");
    }
    EncoderEval result;
    try (Session session = backend.open()) {
      result =
          EncoderEval.of(
              session,
              path,
              other,
              text,
              sparse ? LanguageModel.Weights.SPARSE : LanguageModel.Weights.AS_STORED);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, result);
    } else {
      result.print(out);
      out.flush();
    }
    return 0;
  }

  private void atLeast(String option, int value, int least) {
    if (value < least) {
      throw new ParameterException(
          spec.commandLine(), option + ": is " + value + ", must be at least " + least);
    }
  }

  /** One model after the other, so that one is in memory at a time. */
  private Result beside(Session session, Path other, String content, String backendName)
      throws IOException {
    Evaluated reference;
    @Nullable Continuations continuations;
    int[] first;
    BlockErrors outputs;
    try (Run run = new Run(session, other, content, seq)) {
      reference = run.evaluate();
      first = run.firstTokens();
      continuations = prefixes == 0 ? null : run.continuations();
      outputs = new BlockErrors(run.model, first);
    }
    try (outputs) {
      try (Run run = new Run(session, path, content, reference.seq())) {
        if (!Arrays.equals(first, run.firstTokens())) {
          throw new IOException(
              path + ": has other tokens than " + other + ", the two can't be compared");
        }
        Evaluated model = run.evaluate();
        Divergence divergence = continuations == null ? null : run.divergence(continuations);
        double[] blockErrors;
        try {
          blockErrors = outputs.of(run.model);
        } catch (IllegalArgumentException e) {
          throw new IOException(path + ": " + e.getMessage(), e);
        }
        return new Result(
            text.toString(),
            backendName,
            model,
            reference,
            new Beside(divergence, Arrays.stream(blockErrors).boxed().toList()));
      }
    }
  }

  private void print(PrintWriter out, Result result) {
    print(out, result.model());
    Evaluated other = result.against();
    Beside beside = result.beside();
    if (other == null || beside == null) {
      return;
    }
    print(out, other);
    Divergence divergence = beside.divergence();
    if (divergence != null) {
      out.printf(
          Locale.ROOT,
          "greedy continuations: the first token that differs is number %.1f of %d (quartiles %.1f"
              + " and %.1f; %d where none does), %.1f %% of all differ (%s of %d tokens)%n",
          divergence.firstMedian(),
          divergence.continuation(),
          divergence.firstQuartile(),
          divergence.firstThirdQuartile(),
          divergence.continuation() + 1,
          100 * divergence.share(),
          Count.of(divergence.prefixes(), "beginning"),
          divergence.prefixTokens());
    }
    out.printf(
        Locale.ROOT,
        "outputs of blocks are off by %s %%%n",
        beside.blockErrors().stream()
            .map(error -> String.format(Locale.ROOT, "%.1f", 100 * error))
            .collect(Collectors.joining(", ")));
  }

  private static void print(PrintWriter out, Evaluated of) {
    out.printf(
        Locale.ROOT,
        "%s: perplexity %.4f (loss %.4f of %,d tokens in %s of %d)%n",
        of.model(),
        of.perplexity(),
        of.loss(),
        of.tokens(),
        Count.of(Math.toIntExact(of.windows()), "window"),
        of.seq());
  }

  /** A model with a text. */
  private final class Run implements AutoCloseable {
    private final Path of;
    private final int length;
    private final int[] tokens;
    private final int before;
    private final int added;
    private final LanguageModel model;

    Run(Session session, Path of, String content, int wanted) throws IOException {
      this.of = of;
      int longest = LanguageModel.config(of).maxPositions();
      this.length = wanted == 0 ? Math.min(LONGEST_BY_DEFAULT, longest) : wanted;
      try (Tokenizer tokenizer = Tokenizer.open(of)) {
        this.tokens = tokenizer.encode(content);
      }
      if (tokens.length < length) {
        throw new IOException(
            text
                + ": has "
                + tokens.length
                + " tokens, a window needs "
                + length
                + "; name more text or a smaller --seq");
      }
      this.before = prefix == 0 ? Math.min(PREFIX_BY_DEFAULT, longest / 2) : prefix;
      this.added = continuation == 0 ? Math.min(PREFIX_BY_DEFAULT, longest / 2) : continuation;
      boolean continues = against != null && prefixes > 0;
      if (continues && tokens.length < before) {
        throw new IOException(
            text + ": has " + tokens.length + " tokens, a prefix needs " + before + " (--prefix)");
      }
      int most = Math.max(length, continues ? before + added : 0);
      this.model =
          LanguageModel.open(
              session,
              of,
              sparse ? LanguageModel.Weights.SPARSE : LanguageModel.Weights.AS_STORED,
              most,
              most);
    }

    Evaluated evaluate() {
      long all = tokens.length / length;
      long most = windows == 0 ? all : Math.min(all, windows);
      Perplexity perplexity;
      try (Progress progress = progress("eval", most)) {
        perplexity =
            Perplexity.of(model, tokens, length, most, done -> progress.step(1, of.toString()));
      }
      return new Evaluated(
          of.toString(),
          model.sparseWeights(),
          perplexity.windows(),
          perplexity.sequence(),
          perplexity.tokens(),
          perplexity.loss(),
          perplexity.perplexity());
    }

    int[] firstTokens() {
      return Arrays.copyOf(tokens, Math.min(length, BLOCK_TOKENS));
    }

    Continuations continuations() {
      try (Progress progress = progress("continue", prefixes)) {
        return Continuations.of(
            model, tokens, prefixes, before, added, done -> progress.step(1, of.toString()));
      }
    }

    Divergence divergence(Continuations others) {
      try (Progress progress = progress("compare", prefixes)) {
        return Divergence.of(model, others, done -> progress.step(1, of.toString()));
      }
    }

    private Progress progress(String task, long total) {
      return new Progress(spec.commandLine().getErr(), task, total);
    }

    @Override
    public void close() {
      model.close();
    }
  }
}
