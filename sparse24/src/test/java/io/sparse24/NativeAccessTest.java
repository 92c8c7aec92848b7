package io.sparse24;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparse24.api.Session;
import io.sparse24.bindings.NativeKernels;
import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ServiceLoader;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Restricted calls live in one module, so users enable native access for one module. */
final class NativeAccessTest {
  /** A class of each module of Java code; kernel libraries' are found as they are at run time. */
  private static Stream<Class<?>> modules() {
    return Stream.concat(
        Stream.of(
            Pruner.class,
            Session.class,
            NativeKernels.class,
            ObjectMapper.class,
            JsonParser.class,
            JsonProperty.class,
            Nullable.class),
        ServiceLoader.load(NativeKernels.class).stream().map(ServiceLoader.Provider::type));
  }

  /** The jar that a class came from, or the folder where the build has packed none. */
  private static String place(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    } catch (URISyntaxException e) {
      throw new AssertionError(type + " came from no file", e);
    }
  }

  @Test
  void onlyBindingsNeedsNativeAccess() {
    String path =
        modules()
            .map(NativeAccessTest::place)
            .distinct()
            .collect(Collectors.joining(File.pathSeparator));
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
    assertEquals(0, status, () -> path + "\n" + out + "\n" + err);
    assertEquals("io.sparse24.bindings", out.toString().strip());
  }
}
