package io.sparse24.cli;

import io.sparse24.api.Session;
import io.sparse24.llm.Agreement;
import io.sparse24.llm.BlockErrors;
import io.sparse24.llm.EncoderModel;
import io.sparse24.llm.LanguageModel;
import io.sparse24.llm.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * An encoder beside another, the dense one, over the lines of a text.
 *
 * @param model its directory
 * @param against the other's
 * @param backend that computed
 * @param sparseWeights of the model that are multiplied as 2:4
 * @param sentences lines of the text
 * @param tokens of all of them
 * @param cosineMean mean of the cosines between the two embeddings of a sentence
 * @param cosineMin the smallest of them
 * @param top5Agreement share of each sentence's five nearest others that both models find
 * @param blockErrors how far the outputs of each block are off, relative, over the first sentences
 */
record EncoderEval(
    String model,
    String against,
    String backend,
    int sparseWeights,
    int sentences,
    long tokens,
    double cosineMean,
    double cosineMin,
    double top5Agreement,
    List<Double> blockErrors) {
  /** Sentences over which outputs of blocks are compared: all of them are kept. */
  private static final int BLOCK_SENTENCES = 16;

  static EncoderEval of(
      Session session, Path path, Path against, Path text, LanguageModel.Weights weights)
      throws IOException {
    List<String> lines = TextFile.read(text).lines().filter(line -> !line.isBlank()).toList();
    if (lines.size() < 2) {
      throw new IOException(
          text + ": has " + Count.of(lines.size(), "line") + ", must be at least 2 sentences");
    }
    List<int[]> sentences;
    float[][] expected;
    BlockErrors outputs;
    try (EncoderModel dense = EncoderModel.open(session, against, weights)) {
      sentences = tokens(against, dense, lines);
      expected = dense.embed(sentences);
      outputs =
          new BlockErrors(dense, sentences.subList(0, Math.min(BLOCK_SENTENCES, lines.size())));
    }
    try (outputs;
        EncoderModel model = EncoderModel.open(session, path, weights)) {
      List<int[]> own = tokens(path, model, lines);
      for (int i = 0; i < own.size(); i++) {
        if (!Arrays.equals(own.get(i), sentences.get(i))) {
          throw new IOException(
              path + ": has other tokens than " + against + ", the two can't be compared");
        }
      }
      Agreement agreement = Agreement.of(expected, model.embed(sentences));
      return new EncoderEval(
          path.toString(),
          against.toString(),
          session.info().backend(),
          model.sparseWeights(),
          sentences.size(),
          sentences.stream().mapToLong(sentence -> sentence.length).sum(),
          agreement.cosineMean(),
          agreement.cosineMin(),
          agreement.top5(),
          Arrays.stream(outputs.of(model)).boxed().toList());
    } catch (IllegalArgumentException e) {
      throw new IOException(path + ": " + e.getMessage(), e);
    }
  }

  private static List<int[]> tokens(Path path, EncoderModel model, List<String> lines)
      throws IOException {
    try (Tokenizer tokenizer = Tokenizer.open(path)) {
      return EncoderModel.tokens(tokenizer, lines, model.config().maxPositions());
    }
  }

  void print(PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "%s beside %s: cosine %.4f in the mean, %.4f at least, %.1f %% of the five nearest shared"
            + " (%s, %,d tokens)%noutputs of blocks are off by %s %%%n",
        model,
        against,
        cosineMean,
        cosineMin,
        100 * top5Agreement,
        Count.of(sentences, "sentence"),
        tokens,
        blockErrors.stream()
            .map(error -> String.format(Locale.ROOT, "%.1f", 100 * error))
            .collect(Collectors.joining(", ")));
  }
}
