package io.sparse24.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.bindings.s24.S24;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The committed bindings against the header, with no jextract present. */
final class BindingsTest {
  private static final String GENERATED = "io.sparse24.bindings.s24.";
  private static final Path BASELINE = Path.of("abi/s24.abi");

  @ParameterizedTest
  @CsvSource({
    "s24,include/sparse24/s24.h",
    "cudart,jextract/cudart.h",
    "cublaslt,jextract/cublaslt.h",
    "cusparselt,jextract/cusparselt.h"
  })
  void generatedFromThisHeader(String name, Path header) throws IOException {
    String recorded = Files.readAllLines(Path.of("jextract", name + ".header")).getFirst();
    assertEquals(
        LibraryCache.hash(header) + "  " + header.getFileName(),
        recorded,
        "the header changed after the bindings were made: run bindings/jextract/regen.sh");
  }

  @Test
  void everythingOfTheHeaderIsOnTheAllowList() throws IOException {
    List<String> listed = Files.readAllLines(Path.of("jextract/s24.includes"));
    Header header = Header.read();
    for (String struct : header.structs().keySet()) {
      assertTrue(listed.contains("--include-struct " + struct), struct);
    }
    for (String constant : header.constants().keySet()) {
      assertTrue(listed.contains("--include-constant " + constant), constant);
    }
    long entries = listed.stream().filter(line -> line.startsWith("--")).count();
    assertEquals(header.structs().size() + header.constants().size(), entries, "stale entries");
  }

  @Test
  void noAccessorIgnoresItsFieldsOffset() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src/generated/java"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String text = Files.readString(file);
        assertFalse(text.contains("ELEM_HANDLE.get(struct, 0L"), file.toString());
        assertFalse(text.contains("unnamed at"), file.toString());
      }
    }
  }

  @Test
  void descriptorsMatchThePrototypes() throws Exception {
    Map<String, String> functions = Header.read().functions();
    assertFalse(functions.isEmpty());
    for (Map.Entry<String, String> function : functions.entrySet()) {
      Class<?> generated = Class.forName(GENERATED + "s24_api$" + function.getKey());
      FunctionDescriptor actual =
          (FunctionDescriptor) generated.getMethod("descriptor").invoke(null);
      assertEquals(
          carriers(Header.descriptor(function.getValue())), carriers(actual), function.getKey());
    }
    assertEquals(
        carriers(Header.descriptor("const s24_api *(uint32_t abi_version)")),
        carriers(KernelLibrary.GET_API));
  }

  /** What a call passes, without names and targets. */
  private static List<Class<?>> carriers(FunctionDescriptor descriptor) {
    List<Class<?>> list = new ArrayList<>();
    list.add(((ValueLayout) descriptor.returnLayout().orElseThrow()).carrier());
    for (MemoryLayout argument : descriptor.argumentLayouts()) {
      list.add(
          argument instanceof AddressLayout address
              ? address.carrier()
              : ((ValueLayout) argument).carrier());
    }
    return list;
  }

  @Test
  void layoutsMatchTheCompiler(@TempDir Path folder) throws Exception {
    List<String> compiled = probe(folder);
    assertEquals(compiled, generated());
  }

  @Test
  void abiIsTheBaseline() throws Exception {
    List<String> now = new ArrayList<>(generated());
    Header.read().functions().forEach((name, type) -> now.add("function " + name + " " + type));
    if (Boolean.getBoolean("s24.abi.update")) {
      Files.write(BASELINE, now, StandardCharsets.US_ASCII);
    }
    assertEquals(
        String.join("\n", Files.readAllLines(BASELINE)),
        String.join("\n", now),
        "the C ABI changed; if that is meant (append only!), see CONTRIBUTING.md, 'Changing the"
            + " contract'");
  }

  /** The generated layouts and constants in the words of the probe. */
  private static List<String> generated() throws Exception {
    Header header = Header.read();
    List<String> lines = new ArrayList<>();
    for (Map.Entry<String, List<String>> struct : header.structs().entrySet()) {
      Class<?> type = Class.forName(GENERATED + struct.getKey());
      GroupLayout layout = (GroupLayout) type.getMethod("layout").invoke(null);
      lines.add("struct " + struct.getKey() + " " + layout.byteSize());
      for (String member : struct.getValue()) {
        PathElement path = PathElement.groupElement(member);
        lines.add(
            "  " + member + " " + layout.byteOffset(path) + " " + layout.select(path).byteSize());
      }
    }
    for (String constant : header.constants().keySet()) {
      lines.add("constant " + constant + " " + S24.class.getMethod(constant).invoke(null));
    }
    return lines;
  }

  /** What the C compiler says. */
  private static List<String> probe(Path folder) throws Exception {
    Header header = Header.read();
    StringBuilder source = new StringBuilder();
    source.append("#include <stddef.h>\n#include <stdio.h>\n#include \"sparse24/s24.h\"\n");
    source.append("int main(void) {\n");
    header
        .structs()
        .forEach((struct, members) -> {
          source.append("printf(\"struct %s %%zu\\n\", sizeof(%s));\n".formatted(struct, struct));
          for (String member : members) {
            source.append(
                "printf(\"  %s %%zu %%zu\\n\", offsetof(%s, %s), sizeof(((%s *)0)->%s));\n"
                    .formatted(member, struct, member, struct, member));
          }
        });
    for (String constant : header.constants().keySet()) {
      source.append("printf(\"constant %s %%d\\n\", (int)%s);\n".formatted(constant, constant));
    }
    source.append("return 0;\n}\n");
    Path c = Files.writeString(folder.resolve("probe.c"), source);
    Path program = folder.resolve("probe");
    String compiler = System.getenv().getOrDefault("CC", "cc");
    Process compile;
    try {
      compile =
          new ProcessBuilder(
                  compiler, "-std=c11", "-Iinclude", "-o", program.toString(), c.toString())
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("log").toFile())
              .start();
    } catch (IOException e) {
      Assumptions.abort("no C compiler '" + compiler + "': " + e.getMessage());
      throw new AssertionError("abort throws");
    }
    assertEquals(0, compile.waitFor(), () -> read(folder.resolve("log")));
    File output = folder.resolve("out").toFile();
    Process run = new ProcessBuilder(program.toString()).redirectOutput(output).start();
    assertEquals(0, run.waitFor());
    return Files.readAllLines(output.toPath());
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
