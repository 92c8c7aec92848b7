package io.sparse24.cli;

import io.sparse24.api.Session;
import io.sparse24.llm.LanguageModel;
import io.sparse24.llm.Perplexity;
import io.sparse24.llm.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
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
            + " loss of a token, exponential.")
final class EvalCommand implements Callable<Integer> {
  private static final int LONGEST_BY_DEFAULT = 2048;

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

  record Result(String text, String backend, Evaluated model, @Nullable Evaluated against) {}

  @Override
  public Integer call() throws IOException {
    if (seq < 0 || seq == 1) {
      throw new ParameterException(spec.commandLine(), "--seq: is " + seq + ", must be at least 2");
    }
    if (windows < 0) {
      throw new ParameterException(
          spec.commandLine(), "--windows: is " + windows + ", must be at least 1");
    }
    String content = read(text);
    Result result;
    try (Session session = backend.open()) {
      Evaluated one = evaluate(session, path, content, seq);
      Evaluated other = against == null ? null : evaluate(session, against, content, one.seq());
      result = new Result(text.toString(), session.info().backend(), one, other);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, result);
    } else {
      print(out, result.model());
      if (result.against() != null) {
        print(out, result.against());
      }
      out.flush();
    }
    return 0;
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

  private static String read(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException(file + ": is a directory, must be a text");
    }
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new IOException(file + ": is no UTF-8", e);
    }
  }

  private Evaluated evaluate(Session session, Path of, String content, int wanted)
      throws IOException {
    LanguageModel.Weights weights =
        sparse ? LanguageModel.Weights.SPARSE : LanguageModel.Weights.AS_STORED;
    int length =
        wanted == 0
            ? Math.min(LONGEST_BY_DEFAULT, LanguageModel.config(of).maxPositions())
            : wanted;
    try (Tokenizer tokenizer = Tokenizer.open(of);
        LanguageModel model = LanguageModel.open(session, of, weights, length, length)) {
      int[] tokens = tokenizer.encode(content);
      if (tokens.length < length) {
        throw new IOException(
            text
                + ": has "
                + tokens.length
                + " tokens, a window needs "
                + length
                + "; name more text or a smaller --seq");
      }
      long all = tokens.length / length;
      long most = windows == 0 ? all : Math.min(all, windows);
      Perplexity perplexity;
      try (Progress progress = new Progress(spec.commandLine().getErr(), "eval", most)) {
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
  }
}
