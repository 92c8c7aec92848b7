package io.sparse24.bindings.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.MemoryLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * A vendor library in a few lines of C: each function of its table, of which a test writes some.
 */
final class FakeLibrary {
  private final VendorLibrary library;
  private final Map<String, @Nullable String> functions = new HashMap<>();

  private FakeLibrary(VendorLibrary library) {
    this.library = library;
  }

  static FakeLibrary cudart(int version) {
    return new FakeLibrary(VendorLibrary.CUDART)
        .with(
            "cudaRuntimeGetVersion",
            "int cudaRuntimeGetVersion(int *v) { *v = %d; return 0; }".formatted(version))
        .with(
            "cudaGetErrorString",
            "const char *cudaGetErrorString(int s) { return s == 2 ? \"out of memory\" : \"?\"; }");
  }

  static FakeLibrary cublasLt(long version) {
    return new FakeLibrary(VendorLibrary.CUBLASLT)
        .with(
            "cublasLtGetVersion",
            "unsigned long cublasLtGetVersion(void) { return %d; }".formatted(version))
        .with(
            "cublasLtGetStatusString",
            "const char *cublasLtGetStatusString(int s) { return \"an unsupported value\"; }");
  }

  static FakeLibrary cusparseLt(int major, int minor, int patch) {
    return new FakeLibrary(VendorLibrary.CUSPARSELT)
        .with(
            "cusparseLtGetProperty",
            """
            int cusparseLtGetProperty(int p, int *v) {
              const int version[] = {%d, %d, %d};
              *v = version[p];
              return 0;
            }\
            """
                .formatted(major, minor, patch))
        .with(
            "cusparseLtGetErrorString",
            "const char *cusparseLtGetErrorString(int s) { return \"invalid value\"; }");
  }

  /** Writes a function; the others return 0. */
  FakeLibrary with(String name, String source) {
    functions.put(name, source);
    return this;
  }

  FakeLibrary without(String name) {
    functions.put(name, null);
    return this;
  }

  /**
   * Compiles it under the newest name that it is looked for by; skips the test where nothing can.
   */
  Path in(Path folder) throws IOException, InterruptedException {
    return as(folder.resolve(library.files().getFirst()));
  }

  Path as(Path file) throws IOException, InterruptedException {
    Files.createDirectories(file.getParent());
    StringBuilder source = new StringBuilder("#include <stdint.h>\n#include <string.h>\n");
    for (MemoryLayout slot : library.table().memberLayouts()) {
      String name = slot.name().orElseThrow();
      String function = functions.getOrDefault(name, "int " + name + "(void) { return 0; }");
      if (function != null) {
        source.append(function).append('\n');
      }
    }
    Path c = Files.writeString(Path.of(file + ".c"), source);
    String compiler = System.getenv().getOrDefault("CC", "cc");
    Path log = Path.of(file + ".log");
    Process compile;
    try {
      compile =
          new ProcessBuilder(compiler, "-shared", "-fPIC", "-o", file.toString(), c.toString())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
    } catch (IOException e) {
      Assumptions.abort("no C compiler '" + compiler + "': " + e.getMessage());
      throw new AssertionError("abort throws");
    }
    assertEquals(0, compile.waitFor(), Files.readString(log));
    return file;
  }
}
