package io.sparse24.bindings.cuda;

import io.sparse24.bindings.LibraryLoadException;
import io.sparse24.bindings.cublaslt.cublaslt_api;
import io.sparse24.bindings.cudart.cudart_api;
import io.sparse24.bindings.cusparselt.CusparseLtConstants;
import io.sparse24.bindings.cusparselt.cusparselt_api;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A library of NVIDIA's: its names, the versions that are supported, and where it is looked for.
 *
 * <p>In order, with KEY one of {@code cudart}, {@code cublaslt}, {@code cusparselt}:
 *
 * <ol>
 *   <li>the system property {@code io.sparse24.library.KEY}, a file;
 *   <li>the environment variable {@code S24_LIBRARY_KEY}, a file;
 *   <li>the CUDA toolkits that the environment variables {@code CUDA_HOME} and {@code CUDA_PATH}
 *       name, then those in {@code /usr/local}, newest first;
 *   <li>the folders of {@code LD_LIBRARY_PATH};
 *   <li>NVIDIA's packages in a Python environment: the system property {@code io.sparse24.python},
 *       the environment variable {@code S24_PYTHON}, or the active one ({@code VIRTUAL_ENV});
 *   <li>what the loader finds by name.
 * </ol>
 *
 * A file that is named is an order: if it can't be used, nothing else is tried. Elsewhere what
 * can't be used, or is of a version that is not supported, is passed over. Libraries stay open
 * until the JVM ends.
 */
public final class VendorLibrary {
  /** The CUDA runtime: memory, streams, events, graphs. */
  public static final VendorLibrary CUDART =
      new VendorLibrary(
          "cudart",
          "CUDA runtime",
          List.of("libcudart.so.13", "libcudart.so.12"),
          // cudaGraphInstantiate has other parameters before.
          new Version(12, 0, 0),
          13,
          cudart_api.layout(),
          Set.of(),
          "cudaRuntimeGetVersion",
          VendorLibrary::cudartVersion);

  /** cuBLASLt: dense matrix multiplication with a choice of algorithms and epilogues. */
  public static final VendorLibrary CUBLASLT =
      new VendorLibrary(
          "cublaslt",
          "cuBLASLt",
          List.of("libcublasLt.so.13", "libcublasLt.so.12"),
          new Version(12, 0, 0),
          13,
          cublaslt_api.layout(),
          Set.of(),
          "cublasLtGetVersion",
          VendorLibrary::cublasLtVersion);

  /** cuSPARSELt: matrix multiplication with a 2:4 operand. */
  public static final VendorLibrary CUSPARSELT =
      new VendorLibrary(
          "cusparselt",
          "cuSPARSELt",
          List.of("libcusparseLt.so.0"),
          // The enum of compute types has other values before.
          new Version(0, 6, 0),
          0,
          cusparselt_api.layout(),
          // New in 0.8.
          Set.of("cusparseLtGetErrorString", "cusparseLtMatmulAlgSelectionDestroy"),
          "cusparseLtGetProperty",
          VendorLibrary::cusparseLtVersion);

  /** Reads a library's version through its table. */
  @FunctionalInterface
  interface VersionReader {
    Version read(MemorySegment table) throws IOException;
  }

  /**
   * What was found.
   *
   * @param library what was looked for
   * @param file the file that is open, or the name by which the loader found it; null if none is
   * @param version its version, null if there is none
   * @param places the places looked at without success, in order, each with the reason
   * @param refused those of them where a library was, and why it can't be used
   */
  public record Finding(
      VendorLibrary library,
      @Nullable String file,
      @Nullable Version version,
      List<String> places,
      List<String> refused) {}

  /** What has been looked at without success. */
  private static final class Attempts {
    private final List<String> places = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();

    void absent(String place, String reason) {
      places.add(place + ": " + reason);
    }

    void refused(String place, @Nullable String reason) {
      places.add(place + ": " + reason);
      refused.add(places.getLast());
    }
  }

  private final String key;
  private final String title;
  private final List<String> files;
  private final Version oldest;
  private final int newestMajor;
  private final GroupLayout table;
  private final Set<String> optional;
  private final String versionSymbol;
  private final VersionReader version;
  private final Map<String, OpenLibrary> opened = new ConcurrentHashMap<>();

  private VendorLibrary(
      String key,
      String title,
      List<String> files,
      Version oldest,
      int newestMajor,
      GroupLayout table,
      Set<String> optional,
      String versionSymbol,
      VersionReader version) {
    this.key = key;
    this.title = title;
    this.files = files;
    this.oldest = oldest;
    this.newestMajor = newestMajor;
    this.table = table;
    this.optional = optional;
    this.versionSymbol = versionSymbol;
    this.version = version;
  }

  /**
   * All of them.
   *
   * @return in the order in which a report names them
   */
  public static List<VendorLibrary> all() {
    return List.of(CUDART, CUBLASLT, CUSPARSELT);
  }

  /**
   * The name in properties and variables.
   *
   * @return such as {@code "cublaslt"}
   */
  public String key() {
    return key;
  }

  /**
   * The name that people know.
   *
   * @return such as {@code "cuBLASLt"}
   */
  public String title() {
    return title;
  }

  /**
   * Looks for the library, and opens it if it is there.
   *
   * @return what was found; never fails
   */
  public Finding look() {
    return look(Places.ofMachine());
  }

  Finding look(Places places) {
    Attempts attempts = new Attempts();
    OpenLibrary open = find(places, attempts);
    return new Finding(
        this,
        open == null ? null : open.file(),
        open == null ? null : open.version(),
        List.copyOf(attempts.places),
        List.copyOf(attempts.refused));
  }

  /** The library, open; a failure is not remembered: the next call looks again. */
  OpenLibrary open() throws LibraryLoadException {
    return open(Places.ofMachine());
  }

  OpenLibrary open(Places places) throws LibraryLoadException {
    Attempts attempts = new Attempts();
    OpenLibrary open = find(places, attempts);
    if (open == null) {
      throw new LibraryLoadException(title, attempts.places);
    }
    return open;
  }

  private @Nullable OpenLibrary find(Places places, Attempts attempts) {
    Set<Path> seen = new HashSet<>();
    for (Place place : places.of(key)) {
      switch (place) {
        case Place.Nowhere(String name, String reason) -> attempts.absent(name, reason);
        case Place.Ordered(String name, Path file) -> {
          return attempt(name + " = " + file, file, attempts);
        }
        case Place.Folders(String name, List<Path> folders) -> {
          List<Path> found = candidates(folders);
          if (found.isEmpty()) {
            attempts.absent(name, "no " + String.join(" or ", files));
          }
          for (Path file : found) {
            OpenLibrary open =
                seen.add(real(file)) ? attempt(file.toString(), file, attempts) : null;
            if (open != null) {
              return open;
            }
          }
        }
      }
    }
    return known(seen, attempts);
  }

  /** A newer library in any of the folders comes before an older one in the first. */
  private List<Path> candidates(List<Path> folders) {
    return files.stream()
        .flatMap(file -> folders.stream().map(folder -> folder.resolve(file)))
        .filter(Files::isRegularFile)
        .toList();
  }

  private static Path real(Path file) {
    try {
      return file.toRealPath();
    } catch (IOException e) {
      return file.toAbsolutePath().normalize();
    }
  }

  private @Nullable OpenLibrary attempt(String name, Path file, Attempts attempts) {
    Path path = file.toAbsolutePath().normalize();
    OpenLibrary open = opened.get(path.toString());
    if (open != null) {
      return open;
    }
    try {
      if (!Files.isRegularFile(path)) {
        throw new IOException("no such file");
      }
      ElfHeader.check(path);
      return remember(path.toString(), lookup(path));
    } catch (IOException | RuntimeException e) {
      attempts.refused(name, e.getMessage());
      return null;
    }
  }

  private static SymbolLookup lookup(Path path) throws IOException {
    try {
      return SymbolLookup.libraryLookup(path, Arena.global());
    } catch (IllegalArgumentException e) {
      throw new IOException(
          "the loader can't open it; a library that it needs may be missing (see ldd)", e);
    }
  }

  /**
   * What the loader finds by name: its cache, its own folders. Those include {@code
   * LD_LIBRARY_PATH}, so a name that was refused there, perhaps as a file that would end the JVM,
   * is not asked for again.
   */
  private @Nullable OpenLibrary known(Set<Path> seen, Attempts attempts) {
    Set<String> refused = new HashSet<>();
    seen.forEach(file -> refused.add(String.valueOf(file.getFileName())));
    for (String file : files) {
      if (refused.stream().anyMatch(name -> name.startsWith(file))) {
        continue;
      }
      OpenLibrary open = opened.get(file);
      if (open != null) {
        return open;
      }
      try {
        return remember(file, SymbolLookup.libraryLookup(file, Arena.global()));
      } catch (IllegalArgumentException e) {
        attempts.absent("loader", "knows no " + file);
      } catch (IOException | RuntimeException e) {
        attempts.refused("loader, " + file, e.getMessage());
      }
    }
    return null;
  }

  private OpenLibrary remember(String file, SymbolLookup lookup) throws IOException {
    OpenLibrary library = OpenLibrary.of(this, file, lookup);
    OpenLibrary other = opened.putIfAbsent(file, library);
    return other == null ? library : other;
  }

  List<String> files() {
    return files;
  }

  Version oldest() {
    return oldest;
  }

  int newestMajor() {
    return newestMajor;
  }

  GroupLayout table() {
    return table;
  }

  Set<String> optional() {
    return optional;
  }

  String versionSymbol() {
    return versionSymbol;
  }

  VersionReader version() {
    return version;
  }

  private static Version cudartVersion(MemorySegment table) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      succeeded(
          cudart_api.cudaRuntimeGetVersion.invoke(cudart_api.cudaRuntimeGetVersion(table), out));
      return cudaVersion(out.get(ValueLayout.JAVA_INT, 0));
    }
  }

  /** CUDA's own way of writing a version as a number: 13020 is 13.2. */
  static Version cudaVersion(int number) {
    return new Version(number / 1000, number % 1000 / 10, number % 10);
  }

  private static Version cublasLtVersion(MemorySegment table) {
    long number = cublaslt_api.cublasLtGetVersion.invoke(cublaslt_api.cublasLtGetVersion(table));
    return new Version(
        (int) (number / 10_000), (int) (number % 10_000 / 100), (int) (number % 100));
  }

  /** By properties: {@code cusparseLtGetVersion} needs a handle, so a GPU. */
  private static Version cusparseLtVersion(MemorySegment table) throws IOException {
    return new Version(
        cusparseLtProperty(table, CusparseLtConstants.MAJOR_VERSION()),
        cusparseLtProperty(table, CusparseLtConstants.MINOR_VERSION()),
        cusparseLtProperty(table, CusparseLtConstants.PATCH_LEVEL()));
  }

  private static int cusparseLtProperty(MemorySegment table, int property) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      succeeded(
          cusparselt_api.cusparseLtGetProperty.invoke(
              cusparselt_api.cusparseLtGetProperty(table), property, out));
      return out.get(ValueLayout.JAVA_INT, 0);
    }
  }

  private static void succeeded(int status) throws IOException {
    if (status != 0) {
      throw new IOException("does not tell its version (status " + status + ")");
    }
  }
}
