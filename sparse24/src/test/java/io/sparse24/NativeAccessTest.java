package io.sparse24;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Restricted calls live in one module, so users enable native access for one module. */
final class NativeAccessTest {
  private static final List<String> MODULES = List.of("sparse24", "jackson", "jspecify");

  @Test
  void onlyBindingsNeedsNativeAccess() {
    String path =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(entry -> !entry.endsWith("test-classes"))
            .filter(entry -> MODULES.stream().anyMatch(new File(entry).toString()::contains))
            .filter(entry -> !entry.contains("junit") && !entry.contains("surefire"))
            .reduce((a, b) -> a + File.pathSeparator + b)
            .orElseThrow();
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int status =
        ToolProvider.findFirst("jnativescan")
            .orElseThrow()
            .run(
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                "--module-path",
                path,
                "--add-modules",
                "io.sparse24,io.sparse24.kernels.cpu",
                "--print-native-access");
    assertEquals(0, status, () -> out + "\n" + err);
    assertEquals("io.sparse24.bindings", out.toString().strip());
  }
}
