package io.sparse24.bindings.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.bindings.LibraryLoadException;
import io.sparse24.bindings.cuda.VendorLibrary.Finding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where vendor libraries are looked for, which are taken, and what is said of the others. */
final class VendorLibraryTest {
  @TempDir Path folder;

  private final Map<String, String> properties = new HashMap<>();
  private final Map<String, String> variables = new HashMap<>();

  private Finding look(VendorLibrary library) {
    return library.look(new Places(properties::get, variables::get, folder.resolve("usr-local")));
  }

  private Finding found(Path file) {
    Finding finding = look(VendorLibrary.CUDART);
    assertEquals(file.toString(), finding.file(), finding.places().toString());
    return finding;
  }

  @Test
  void whatIsNamedComesFirst() throws Exception {
    Path system = FakeLibrary.cudart(13000).in(folder.resolve("usr-local/cuda-13.0/lib64"));
    Finding finding = found(system);
    assertEquals(new Version(13, 0, 0), finding.version());
    assertEquals(
        List.of(
            "system property io.sparse24.library.cudart: not set",
            "environment variable S24_LIBRARY_CUDART: not set",
            "environment variable CUDA_HOME: not set",
            "environment variable CUDA_PATH: not set"),
        finding.places());

    variables.put("CUDA_PATH", folder.resolve("path").toString());
    Path path = FakeLibrary.cudart(13000).in(folder.resolve("path/lib64"));
    found(path);
    variables.put("CUDA_HOME", folder.resolve("home").toString());
    Path home = FakeLibrary.cudart(13000).in(folder.resolve("home/lib"));
    found(home);
    Path byVariable = FakeLibrary.cudart(13000).as(folder.resolve("variable.so"));
    variables.put("S24_LIBRARY_CUDART", byVariable.toString());
    found(byVariable);
    Path byProperty = FakeLibrary.cudart(13000).as(folder.resolve("property.so"));
    properties.put("io.sparse24.library.cudart", byProperty.toString());
    found(byProperty);
  }

  @Test
  void theNewestToolkitComesFirst() throws Exception {
    FakeLibrary.cudart(12060).in(folder.resolve("usr-local/cuda-12.6/lib64"));
    FakeLibrary.cudart(12000).in(folder.resolve("usr-local/cuda-9.2/lib64"));
    Path newest = FakeLibrary.cudart(12100).in(folder.resolve("usr-local/cuda-12.10/lib64"));
    found(newest);
    Path chosen = FakeLibrary.cudart(12060).in(folder.resolve("usr-local/cuda/lib64"));
    found(chosen);
  }

  @Test
  void theLoadersPathComesBeforePython() throws Exception {
    Path packages = folder.resolve("venv/lib/python3.12/site-packages/nvidia");
    Path python = FakeLibrary.cudart(13000).in(packages.resolve("cu13/lib"));
    variables.put("VIRTUAL_ENV", folder.resolve("venv").toString());
    found(python);
    properties.put("io.sparse24.python", folder.resolve("other").toString());
    assertTrue(
        look(VendorLibrary.CUSPARSELT)
            .places()
            .contains(
                "Python environment %s: no lib/python3*/site-packages/nvidia in it"
                    .formatted(folder.resolve("other"))));
    Path path = FakeLibrary.cudart(13000).in(folder.resolve("ld"));
    variables.put("LD_LIBRARY_PATH", "/nowhere::" + folder.resolve("ld"));
    found(path);
  }

  @Test
  void oneThatIsTooOldIsPassedOverAndTold() throws Exception {
    Path old = FakeLibrary.cudart(11080).in(folder.resolve("usr-local/cuda-11.8/lib64"));
    Path good = FakeLibrary.cudart(12060).in(folder.resolve("ld"));
    variables.put("LD_LIBRARY_PATH", folder.resolve("ld").toString());
    assertEquals(
        List.of(old + ": is version 11.8.0; supported are 12.0.0 to 13.*"), found(good).refused());
  }

  @Test
  void anOrderThatFailsEndsTheSearch() throws Exception {
    FakeLibrary.cudart(13000).in(folder.resolve("usr-local/cuda/lib64"));
    refused("no such file", folder.resolve("absent.so"));
    refused("is no ELF library", Files.writeString(folder.resolve("text.so"), "not a library"));
    refused("is version 14.0.0; supported are", FakeLibrary.cudart(14000).as(folder.resolve("14")));
    refused(
        "exports no cudaRuntimeGetVersion: not CUDA runtime",
        FakeLibrary.cublasLt(130_000).as(folder.resolve("other.so")));
    refused(
        "version 13.0.0 exports no cudaFree, cudaGraphLaunch",
        FakeLibrary.cudart(13000)
            .without("cudaGraphLaunch")
            .without("cudaFree")
            .as(folder.resolve("partial.so")));
    refused(
        "does not tell its version (status 3)",
        FakeLibrary.cudart(13000)
            .with("cudaRuntimeGetVersion", "int cudaRuntimeGetVersion(int *v) { return 3; }")
            .as(folder.resolve("mute.so")));
  }

  @Test
  void oneForAnotherMachineIsNamed() throws Exception {
    byte[] head = new byte[64];
    System.arraycopy(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}, 0, head, 0, 7);
    head[18] = (byte) 243;
    refused("is for ELF machine 243, this machine is", Files.write(folder.resolve("riscv"), head));
  }

  @Test
  void oneThatIsNotWholeIsNotOpened() throws Exception {
    byte[] whole = Files.readAllBytes(FakeLibrary.cudart(13000).as(folder.resolve("whole.so")));
    refused(
        "is cut off: has 4096 bytes",
        Files.write(folder.resolve("cut"), Arrays.copyOf(whole, 4096)));

    byte[] headOnly = Arrays.copyOf(whole, 64);
    Arrays.fill(headOnly, 40, 48, (byte) 0); // no sections
    Arrays.fill(headOnly, 56, 64, (byte) 0); // no segments
    refused("the loader can't open it", Files.write(folder.resolve("head"), headOnly));
  }

  /**
   * The loader searches LD_LIBRARY_PATH by itself: asked by name, it would open what was refused.
   */
  @Test
  void oneRefusedInTheLoaderPathIsNotAskedForByName() throws Exception {
    byte[] whole = Files.readAllBytes(FakeLibrary.cudart(13000).as(folder.resolve("whole.so")));
    Files.write(folder.resolve("libcudart.so.13"), Arrays.copyOf(whole, 4096));
    variables.put("LD_LIBRARY_PATH", folder.toString());
    Finding finding = look(VendorLibrary.CUDART);
    assertEquals(1, finding.refused().size(), finding.refused().toString());
    assertTrue(
        finding.places().stream()
            .noneMatch(place -> place.contains("loader: knows no libcudart.so.13")),
        finding.places().toString());
  }

  @Test
  void namesThatAreNoPathsArePlacesWithoutLibraries() throws Exception {
    variables.put("LD_LIBRARY_PATH", "/a\0b");
    variables.put("CUDA_HOME", "/c\0d");
    Files.createDirectories(folder.resolve("cuda-20240305120000/lib64"));
    List<String> places = look(VendorLibrary.CUDART).places();
    assertEquals(
        2,
        places.stream().filter(place -> place.contains("is no path")).count(),
        places.toString());
  }

  private void refused(String reason, Path file) {
    properties.put("io.sparse24.library.cudart", file.toString());
    Finding finding = look(VendorLibrary.CUDART);
    assertNull(finding.file());
    assertEquals(1, finding.places().size(), finding.places().toString());
    String told = finding.places().getFirst();
    assertTrue(
        told.startsWith("system property io.sparse24.library.cudart = " + file + ": " + reason),
        told);
    assertEquals(finding.places(), finding.refused());
  }

  @Test
  void whatIsNotFoundSaysEveryPlace() {
    variables.put("CUDA_HOME", "/nowhere");
    variables.put("LD_LIBRARY_PATH", "/nowhere");
    variables.put("S24_PYTHON", " ");
    VendorLibrary library = VendorLibrary.CUSPARSELT;
    Finding finding = look(library);
    Assumptions.assumeTrue(finding.file() == null, "the loader knows a cuSPARSELt");
    assertEquals(
        List.of(
            "system property io.sparse24.library.cusparselt: not set",
            "environment variable S24_LIBRARY_CUSPARSELT: not set",
            "CUDA_HOME = /nowhere: no libcusparseLt.so.0",
            "environment variable CUDA_PATH: not set",
            "CUDA toolkit in " + folder.resolve("usr-local") + ": none installed",
            "LD_LIBRARY_PATH: no libcusparseLt.so.0",
            "Python environment: none named (system property io.sparse24.python, environment"
                + " variables S24_PYTHON, VIRTUAL_ENV)",
            "loader: knows no libcusparseLt.so.0"),
        finding.places());
    assertEquals(List.of(), finding.refused());
    LibraryLoadException e =
        assertThrows(
            LibraryLoadException.class,
            () ->
                library.open(
                    new Places(properties::get, variables::get, folder.resolve("usr-local"))));
    assertEquals(finding.places(), e.attempts());
    assertTrue(e.toString().contains("no cuSPARSELt: system property"), e.toString());
  }

  @Test
  void aFailureIsNotRemembered() throws Exception {
    Path file = folder.resolve("later.so");
    refused("no such file", file);
    FakeLibrary.cudart(13000).as(file);
    assertNotNull(found(file).version());
  }

  @Test
  void theMachinesOwnRuntimeOpensOrSaysWhyNot() throws IOException {
    Finding finding = VendorLibrary.CUDART.look();
    Assumptions.assumeTrue(finding.file() != null, () -> "no CUDA runtime: " + finding.places());
    CudaRuntime runtime;
    try {
      runtime = CudaRuntime.open();
    } catch (LibraryLoadException e) {
      throw new AssertionError("looked and found", e);
    }
    assertEquals(finding.version(), runtime.version());
    try {
      assertTrue(runtime.deviceCount() > 0);
    } catch (CudaException e) {
      assertTrue(e.toString().contains("cudaGetDeviceCount: "), e.toString());
      assertTrue(e.status() != 0);
    }
  }
}
