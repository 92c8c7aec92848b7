package io.sparse24.cli;

import io.sparse24.api.Session;
import io.sparse24.llm.LanguageModel;
import io.sparse24.llm.Sampler;
import io.sparse24.llm.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.Arrays;
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

/** Goes on with a text. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    description =
        "Goes on with a text by a model of the Llama family, whose weights are dense or 2:4; on"
            + " standard output the text, on standard error how fast.")
final class GenerateCommand implements Callable<Integer> {
  private static final long ROWS = 128;
  private static final int USUAL_TOKENS = 256;

  @Parameters(paramLabel = "MODEL", description = "A Hugging Face directory.")
  Path path = Path.of("");

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      required = true,
      description = "What it goes on with.")
  String prompt = "";

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "0",
      description = "Most tokens to add. Default: what fits, at most 256")
  int tokens;

  @Option(
      names = "--temperature",
      paramLabel = "X",
      description = "Sample, with logits divided by this. Default: always the likeliest token")
  @Nullable Double temperature;

  @Option(
      names = "--top-p",
      paramLabel = "X",
      description = "Sample among the likeliest that have this probability together.")
  @Nullable Double topP;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Of what is sampled. Default: ${DEFAULT-VALUE}")
  long seed;

  @Option(
      names = "--sparse",
      description = "Multiply weights that are stored dense but are 2:4 as such.")
  boolean sparse;

  @Mixin BackendOption backend = new BackendOption();

  @Option(names = "--json", description = "JSON on standard output.")
  boolean json;

  @Spec CommandSpec spec = CommandSpec.create();

  record Result(
      String model,
      String backend,
      int sparseWeights,
      String prompt,
      String text,
      int promptTokens,
      int tokens,
      double promptTokensPerSecond,
      double tokensPerSecond) {}

  @Override
  public Integer call() throws IOException {
    if (tokens < 0) {
      throw new ParameterException(
          spec.commandLine(), "--tokens: is " + tokens + ", must be at least 0");
    }
    Sampler sampler = sampler();
    LanguageModel.Weights weights =
        sparse ? LanguageModel.Weights.SPARSE : LanguageModel.Weights.AS_STORED;
    Result result;
    try (Tokenizer tokenizer = Tokenizer.open(path);
        Session session = backend.open()) {
      int[] ids = tokenizer.encode(prompt);
      if (ids.length == 0) {
        throw new ParameterException(
            spec.commandLine(), "--prompt: is empty, must have a token at least");
      }
      int most = most(ids.length);
      long rows = Math.min(ROWS, ids.length);
      try (LanguageModel model =
          LanguageModel.open(session, path, weights, ids.length + (long) most, rows)) {
        result = generate(model, tokenizer, sampler, ids, most, session.info().backend());
      }
    }
    if (json) {
      Json.print(spec.commandLine().getOut(), result);
    } else {
      spec.commandLine()
          .getErr()
          .printf(
              Locale.ROOT,
              "s24 generate: %d tokens read at %.1f/s, %d written at %.1f/s, backend %s, %s%n",
              result.promptTokens(),
              result.promptTokensPerSecond(),
              result.tokens(),
              result.tokensPerSecond(),
              result.backend(),
              Count.of(result.sparseWeights(), "2:4 weight"));
    }
    return 0;
  }

  private Sampler sampler() {
    if (temperature == null && topP == null) {
      return Sampler.greedy();
    }
    try {
      return Sampler.nucleus(temperature == null ? 1 : temperature, topP == null ? 1 : topP, seed);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--" + e.getMessage());
    }
  }

  /** Tokens to add, for which the cache is made. */
  private int most(int promptTokens) throws IOException {
    int positions = LanguageModel.config(path).maxPositions();
    int room = positions - promptTokens;
    if (room < Math.max(tokens, 1)) {
      throw new ParameterException(
          spec.commandLine(),
          "--prompt, --tokens: are "
              + promptTokens
              + " and "
              + tokens
              + " tokens, the model knows "
              + positions
              + " positions");
    }
    return tokens == 0 ? Math.min(USUAL_TOKENS, room) : tokens;
  }

  private Result generate(
      LanguageModel model,
      Tokenizer tokenizer,
      Sampler sampler,
      int[] ids,
      int most,
      String backendName) {
    PrintWriter out = json ? new PrintWriter(Writer.nullWriter()) : spec.commandLine().getOut();
    out.print(prompt);
    out.flush();
    long start = System.nanoTime();
    float[] logits = model.append(ids);
    double promptSeconds = (System.nanoTime() - start) / 1e9;

    int[] written = new int[most];
    int count = 0;
    String text = "";
    start = System.nanoTime();
    while (count < most) {
      int next = sampler.next(logits);
      if (model.config().endTokens().contains(next)) {
        break;
      }
      written[count++] = next;
      text = print(out, text, tokenizer.decode(Arrays.copyOf(written, count)), count == most);
      if (count < most) {
        logits = model.append(next);
      }
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    print(out, text, tokenizer.decode(Arrays.copyOf(written, count)), true);
    out.println();
    out.flush();
    return new Result(
        path.toString(),
        backendName,
        model.sparseWeights(),
        prompt,
        tokenizer.decode(Arrays.copyOf(written, count)),
        ids.length,
        count,
        ids.length / promptSeconds,
        count / Math.max(seconds, 1e-9));
  }

  /** Prints what is new of a text; half a character at its end waits for the other half. */
  private static String print(PrintWriter out, String before, String text, boolean whole) {
    int end = text.length();
    while (!whole && end > 0 && text.charAt(end - 1) == '\uFFFD') {
      end--;
    }
    if (end <= before.length() || !text.startsWith(before)) {
      return before;
    }
    out.print(text.substring(before.length(), end));
    out.flush();
    return text.substring(0, end);
  }
}
