package io.sparse24.llm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.sparse24.format.Safetensors;
import io.sparse24.format.SafetensorsWriter;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A training run on disk: {@code log.jsonl}; in {@code training} its options and the last two
 * checkpoints; beside them, when it has ended, the model. What is replaced is written beside and
 * renamed when whole.
 */
final class RunFolder implements AutoCloseable {
  private static final ObjectMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();
  private static final String TRAINING = "training";
  private static final String OPTIONS = "options.json";
  private static final String LOG = "log.jsonl";
  private static final String STEP = "step-";
  private static final String SUFFIX = ".safetensors";
  private static final String OPTIONS_KEY = "options";
  private static final String TEXT_KEY = "text";
  private static final int KEPT = 2;

  private final Path folder;
  private final Path training;
  private final TrainOptions options;
  private final FileChannel lock;

  private RunFolder(Path folder, TrainOptions options) throws IOException {
    this.folder = folder;
    this.training = folder.resolve(TRAINING);
    this.options = options;
    this.lock =
        FileChannel.open(
            training.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (lock.tryLock() == null) {
        throw inUse();
      }
    } catch (OverlappingFileLockException e) {
      lock.close();
      throw inUse();
    } catch (IOException e) {
      lock.close();
      throw e;
    }
  }

  private IOException inUse() {
    return new IOException(folder + ": another run is training there");
  }

  /** A new one; nothing may be there. */
  static RunFolder create(Path folder, TrainOptions options) throws IOException {
    if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(folder.toString());
    }
    Path training = folder.resolve(TRAINING);
    Files.createDirectories(training);
    Files.write(training.resolve(OPTIONS), JSON.writeValueAsBytes(options));
    return new RunFolder(folder, options);
  }

  /** The options of one that is there. */
  static TrainOptions options(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      throw new NoSuchFileException(folder.toString());
    }
    Path file = folder.resolve(TRAINING).resolve(OPTIONS);
    if (!Files.isRegularFile(file)) {
      throw new IOException(folder + ": is no folder of a training run, has no " + file);
    }
    try {
      return JSON.readValue(Files.readAllBytes(file), TrainOptions.class);
    } catch (JsonProcessingException e) {
      throw new IOException(file + ": " + e.getOriginalMessage(), e);
    }
  }

  /** One that is there, without what a killed run left half written. */
  static RunFolder open(Path folder) throws IOException {
    RunFolder opened = new RunFolder(folder, options(folder));
    try (Stream<Path> list = Files.list(opened.training)) {
      for (Path part : list.filter(path -> path.toString().endsWith(".part")).toList()) {
        Files.delete(part);
      }
    }
    return opened;
  }

  Path folder() {
    return folder;
  }

  TrainOptions options() {
    return options;
  }

  /** Where the model is put together before it is moved up. */
  Path exported() {
    return training.resolve("model");
  }

  /** Steps of which there is a checkpoint, rising. */
  private List<Integer> steps() throws IOException {
    List<Integer> steps = new ArrayList<>();
    try (Stream<Path> list = Files.list(training)) {
      for (Path path : list.toList()) {
        String name = path.getFileName().toString();
        if (name.matches(STEP + "\\d{1,9}\\" + SUFFIX)) {
          steps.add(
              Integer.parseInt(name.substring(STEP.length(), name.length() - SUFFIX.length())));
        }
      }
    }
    steps.sort(null);
    return steps;
  }

  private Path checkpoint(int step) {
    return training.resolve(String.format(Locale.ROOT, "%s%08d%s", STEP, step, SUFFIX));
  }

  /** Writes what goes on bit for bit, and removes all but the last two. */
  void save(Decoder decoder, int step, String text) throws IOException {
    Map<String, String> metadata =
        Map.of(OPTIONS_KEY, JSON.writeValueAsString(options), TEXT_KEY, text);
    try (SafetensorsWriter writer =
        new SafetensorsWriter(checkpoint(step), decoder.state(), metadata)) {
      decoder.save(writer);
      writer.commit();
    } catch (FileAlreadyExistsException e) {
      return; // of this step, by this run
    } catch (IOException e) {
      throw new IOException(
          checkpoint(step)
              + ": could not be written: "
              + e.getMessage()
              + "; what was written before is whole, --resume goes on from there",
          e);
    }
    List<Integer> steps = steps();
    for (int old : steps.subList(0, Math.max(0, steps.size() - KEPT))) {
      Files.delete(checkpoint(old));
    }
  }

  /** Takes the last checkpoint; gives its step, 0 if there is none yet. */
  int restore(Decoder decoder, String text) throws IOException {
    List<Integer> steps = steps();
    if (steps.isEmpty()) {
      return 0;
    }
    Path file = checkpoint(steps.getLast());
    try (Safetensors saved = Safetensors.open(file)) {
      require(file, "options", JSON.writeValueAsString(options), saved.metadata().get(OPTIONS_KEY));
      require(file, "text", text, saved.metadata().get(TEXT_KEY));
      decoder.restore(saved);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": is of another model: " + e.getMessage(), e);
    }
    return steps.getLast();
  }

  private static void require(Path file, String what, String here, @Nullable String there)
      throws IOException {
    if (!here.equals(there)) {
      throw new IOException(
          file + ": is of other " + what + " than this run: " + there + ", here " + here);
    }
  }

  /** Adds a line to the log. */
  void log(TrainRecord line) throws IOException {
    Files.writeString(
        folder.resolve(LOG),
        JSON.writeValueAsString(line) + "\n",
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  /** The log, as far as it is whole. */
  static List<TrainRecord> readLog(Path folder) throws IOException {
    List<TrainRecord> lines = new ArrayList<>();
    Path log = folder.resolve(LOG);
    if (!Files.isRegularFile(log)) {
      return lines;
    }
    for (String line : Files.readAllLines(log)) {
      try {
        lines.add(JSON.readValue(line, TrainRecord.class));
      } catch (JsonProcessingException e) {
        return lines; // the rest of a line that was cut off
      }
    }
    return lines;
  }

  /** Forgets what the log says of later steps. */
  void cutLog(int step) throws IOException {
    StringBuilder kept = new StringBuilder();
    for (TrainRecord line : readLog(folder)) {
      if (line.step() <= step) {
        kept.append(JSON.writeValueAsString(line)).append('\n');
      }
    }
    replace(folder.resolve(LOG), kept.toString());
  }

  /** Writes a file beside and renames it. */
  private void replace(Path file, String text) throws IOException {
    Path part = training.resolve("." + file.getFileName() + ".part");
    Files.writeString(part, text);
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
