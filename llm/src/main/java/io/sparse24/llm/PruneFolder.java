package io.sparse24.llm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A pruning that is under way, beside OUT under the name {@code OUT.pruning}: what was asked for
 * ({@code plan.json}), the pruned weights of each block that is done ({@code block-N.safetensors}),
 * and what the last of them hands on ({@code hidden-N.bin}). Each file appears when it is whole,
 * the hidden states of a block before its weights; so a run that was killed goes on behind the last
 * block whose weights are there.
 */
final class PruneFolder implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SUFFIX = ".pruning";
  private static final String PLAN = "plan.json";

  private final Path folder;
  private final FileChannel lock;

  private PruneFolder(Path folder) throws IOException {
    this.folder = folder;
    this.lock =
        FileChannel.open(
            folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (lock.tryLock() == null) {
        throw new IOException(folder + ": another run is pruning there");
      }
    } catch (OverlappingFileLockException e) {
      lock.close();
      throw new IOException(folder + ": another run is pruning there", e);
    } catch (IOException e) {
      lock.close();
      throw e;
    }
  }

  static Path of(Path out) {
    Path name = out.toAbsolutePath().getFileName();
    return out.toAbsolutePath().resolveSibling(name + SUFFIX);
  }

  /** A new one, or one that is there and was asked for the same. */
  static PruneFolder open(Path out, ObjectNode plan) throws IOException {
    Path path = of(out);
    Files.createDirectories(path);
    PruneFolder folder = new PruneFolder(path);
    try {
      folder.check(plan);
      folder.deleteParts();
      return folder;
    } catch (IOException | RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  private void check(ObjectNode plan) throws IOException {
    Path file = folder.resolve(PLAN);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      Path part = folder.resolve(PLAN + ".part");
      Files.write(part, JSON.writeValueAsBytes(plan));
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
      return;
    }
    JsonNode there;
    try {
      there = JSON.readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new IOException(file + ": " + e.getOriginalMessage(), e);
    }
    // Compared as text: numbers that were read have other types than those that were put.
    List<String> differ =
        plan.properties().stream()
            .filter(entry ->
                !entry.getValue().toString().equals(String.valueOf(there.get(entry.getKey()))))
            .map(entry -> entry.getKey() + " is " + there.get(entry.getKey()))
            .toList();
    if (!differ.isEmpty()) {
      throw new IOException(
          folder
              + ": a pruning that was not ended was asked for something else ("
              + String.join(", ", differ)
              + "); ask for the same to go on with it, or delete this folder");
    }
  }

  /** What a killed run left half written. */
  private void deleteParts() throws IOException {
    try (Stream<Path> list = Files.list(folder)) {
      for (Path part : list.filter(path -> path.toString().endsWith(".part")).toList()) {
        Files.delete(part);
      }
    }
  }

  /** Blocks that are done. */
  int done(int blocks) {
    int done = 0;
    while (done < blocks && Files.isRegularFile(block(done))) {
      done++;
    }
    return done;
  }

  /** The pruned weights of a block. */
  Path block(int block) {
    return folder.resolve("block-" + block + ".safetensors");
  }

  /** What a block takes. */
  Path hidden(int block) {
    return folder.resolve("hidden-" + block + ".bin");
  }

  /** Where it is written before it is whole. */
  Path hiddenPart(int block) {
    return folder.resolve("hidden-" + block + ".bin.part");
  }

  /** Gradients of all weights, for scores that need them. */
  Path gradients() {
    return folder.resolve("gradients.safetensors");
  }

  /** Nothing needs it any more. */
  void deleteHidden(int block) throws IOException {
    Files.deleteIfExists(hidden(block));
  }

  /** OUT is there. */
  void delete() throws IOException {
    close();
    try (Stream<Path> walk = Files.walk(folder)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
