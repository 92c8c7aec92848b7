package io.sparse24.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparse24.api.Backends;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The facts of the machine, help, and standard output that breaks. */
final class InfoTest {
  @Test
  void everyBackendIsThereWithItsKernelsOrTheReason() {
    JsonNode info = S24.json("info");
    assertEquals(List.of("version", "java", "os", "backends", "libraries"), S24.fields(info));
    JsonNode backends = info.get("backends");
    assertEquals(Backends.names(), names(backends));
    for (JsonNode backend : backends) {
      assertEquals(List.of("name", "available", "reason", "info", "kernels"), S24.fields(backend));
      boolean available = backend.get("available").asBoolean();
      assertEquals(available, backend.get("reason").asText().isEmpty());
      assertEquals(available, !backend.get("info").isNull());
      assertEquals(available, !backend.get("kernels").isEmpty());
      for (JsonNode kernel : backend.get("kernels")) {
        assertEquals(List.of("id", "name", "isa", "available", "reason"), S24.fields(kernel));
      }
    }
  }

  private static List<String> names(JsonNode nodes) {
    List<String> names = new java.util.ArrayList<>();
    nodes.forEach(node -> names.add(node.get("name").asText()));
    return names;
  }

  @Test
  void everyVendorLibraryIsThereWithItsVersionOrThePlaces() {
    JsonNode libraries = S24.json("info").get("libraries");
    assertEquals(List.of("CUDA runtime", "cuBLASLt", "cuSPARSELt"), names(libraries));
    for (JsonNode library : libraries) {
      assertEquals(
          List.of("name", "available", "version", "file", "refused", "places"),
          S24.fields(library));
      boolean available = library.get("available").asBoolean();
      assertEquals(available, !library.get("version").isNull());
      assertEquals(available, !library.get("file").isNull());
      assertTrue(available || !library.get("places").isEmpty());
    }
  }

  @Test
  void aVendorLibraryThatCannotBeUsedSaysWhyAndThePlacesComeOnRequest(@TempDir Path folder)
      throws IOException {
    String property = "io.sparse24.library.cusparselt";
    Path text = Files.writeString(folder.resolve("text.so"), "not a library");
    String reason = "    system property %s = %s: is no ELF library\n".formatted(property, text);
    System.setProperty(property, text.toString());
    try {
      S24 few = S24.good("info");
      String line = "  cuSPARSELt: not found (--libraries says where it was looked for)\n";
      assertTrue(few.out().contains("vendor libraries\n"), few.out());
      assertTrue(few.out().contains(line + reason), few.out());
      assertFalse(few.out().contains("CUDART"), few.out());
      S24 all = S24.good("info", "--libraries");
      assertTrue(all.out().contains("  cuSPARSELt: not found\n" + reason), all.out());
      assertTrue(all.out().contains("environment variable S24_LIBRARY_CUDART: "), all.out());
    } finally {
      System.clearProperty(property);
    }
  }

  @Test
  void kernelsAreListedOnRequest() {
    S24 few = S24.good("info");
    S24 all = S24.good("info", "--kernels");
    assertEquals("", few.err());
    assertTrue(few.out().contains("reference: "), few.out());
    assertFalse(few.out().contains("spmm24_"), few.out());
    assertTrue(all.out().contains("spmm24_"), all.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"info", "demo", "inspect", "prune", "decompress", "check", "bench"})
  void helpOfEachCommandIsOnStandardOutputAndTellsOfJson(String command) {
    S24 help = S24.good(command, "--help");
    assertEquals("", help.err());
    assertTrue(help.out().startsWith("Usage: s24 " + command), help.out());
    assertTrue(help.out().contains("--json"), help.out());
    assertTrue(S24.good("--help").out().contains("\n  " + command), command);
  }

  @Test
  void versionNamesItself() {
    assertTrue(S24.good("--version").out().startsWith("s24 "));
  }

  @Test
  void aFullDiskBehindStandardOutputIsAFailure() {
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int octet) throws IOException {
            throw new IOException("no space left on device");
          }
        };
    StringWriter err = new StringWriter();
    int status =
        Main.run(
            new String[] {"--version"},
            new PrintWriter(full, true, StandardCharsets.UTF_8),
            new PrintWriter(err, true));
    assertEquals(Main.FAILED, status);
    assertEquals("s24: standard output could not be written in whole\n", err.toString());
  }
}
