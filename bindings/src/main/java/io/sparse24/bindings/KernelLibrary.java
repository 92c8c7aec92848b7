package io.sparse24.bindings;

import io.sparse24.bindings.s24.S24;
import io.sparse24.bindings.s24.s24_api;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * An open kernel library: its function table, and where it came from. Libraries stay open until the
 * JVM ends.
 *
 * <p>Where a library is looked for, in order:
 *
 * <ol>
 *   <li>the system property {@code io.sparse24.library.<backend>}, a file;
 *   <li>the environment variable {@code S24_LIBRARY_<BACKEND>}, a file;
 *   <li>the natives' jar on the class or module path, unpacked once into the user's cache.
 * </ol>
 *
 * A property or variable that is set is an order: if that file can't be opened, nothing else is
 * tried.
 */
public final class KernelLibrary {
  /** {@code s24_get_api}'s prototype; looked up in each library, never bound to one by jextract. */
  static final FunctionDescriptor GET_API = FunctionDescriptor.of(S24.C_POINTER, S24.C_INT);

  private static final MethodHandle GET_API_HANDLE = Linker.nativeLinker().downcallHandle(GET_API);
  private static final MethodHandle VERSION_HANDLE =
      Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(S24.C_POINTER));
  private static final Map<Path, KernelLibrary> OPEN = new ConcurrentHashMap<>();

  private final String backend;
  private final Path path;
  private final String version;
  private final MemorySegment api;

  private KernelLibrary(String backend, Path path, String version, MemorySegment api) {
    this.backend = backend;
    this.path = path;
    this.version = version;
    this.api = api;
  }

  /**
   * Opens the library of a provider. A failure is not remembered: the next call tries again.
   *
   * @param kernels the provider
   * @return the open library
   * @throws LibraryLoadException if it can't be opened, with each place that was tried
   */
  public static KernelLibrary open(NativeKernels kernels) throws LibraryLoadException {
    String backend = kernels.name();
    String property = "io.sparse24.library." + backend;
    String variable = "S24_LIBRARY_" + backend.toUpperCase(Locale.ROOT);
    List<String> attempts = new ArrayList<>();

    for (Place place :
        List.of(
            new Place("system property " + property, System.getProperty(property)),
            new Place("environment variable " + variable, System.getenv(variable)))) {
      String value = place.value();
      if (value == null || value.isBlank()) {
        attempts.add(place.name() + ": not set");
        continue;
      }
      try {
        return open(backend, Path.of(value));
      } catch (IOException | RuntimeException e) {
        attempts.add(place.name() + " = " + value + ": " + reason(e));
        throw new LibraryLoadException("library for backend '" + backend + "'", attempts);
      }
    }

    String file = Platform.libraryFile(backend);
    String resource = "native/" + Platform.id() + "/" + file;
    URL library = kernels.resource(resource);
    URL sha256 = kernels.resource(resource + ".sha256");
    if (library == null || sha256 == null) {
      attempts.add(
          "natives' jar: no "
              + resource
              + " on the class or module path (add the dependency with classifier "
              + Platform.id()
              + ")");
      throw new LibraryLoadException("library for backend '" + backend + "'", attempts);
    }
    try {
      return open(backend, LibraryCache.ofUser().unpack(library, sha256, BuildInfo.VERSION, file));
    } catch (IOException | RuntimeException e) {
      attempts.add("natives' jar " + library + ": " + reason(e));
      throw new LibraryLoadException("library for backend '" + backend + "'", attempts);
    }
  }

  private static KernelLibrary open(String backend, Path path) throws IOException {
    Path real = path.toAbsolutePath().normalize();
    if (!Files.isRegularFile(real)) {
      throw new IOException("no such file");
    }
    KernelLibrary open = OPEN.get(real);
    if (open != null) {
      return open;
    }
    // libraryLookup, not System.load: two libraries export the same name and must not see each
    // other.
    SymbolLookup lookup = SymbolLookup.libraryLookup(real, Arena.global());
    MemorySegment getApi =
        lookup
            .find("s24_get_api")
            .orElseThrow(() -> new IOException("exports no s24_get_api: not a Sparse24 library"));
    MemorySegment table;
    String version;
    try {
      table = (MemorySegment) GET_API_HANDLE.invokeExact(getApi, S24.S24_ABI_VERSION());
      if (table.address() == 0) {
        throw new IOException("does not serve ABI version " + S24.S24_ABI_VERSION());
      }
      table = table.reinterpret(s24_api.sizeof()).asReadOnly();
      if (s24_api.struct_size(table) < s24_api.sizeof()) {
        throw new IOException(
            "has a function table of "
                + s24_api.struct_size(table)
                + " bytes, this version needs "
                + s24_api.sizeof());
      }
      MemorySegment text =
          (MemorySegment) VERSION_HANDLE.invokeExact(s24_api.library_version(table));
      version = string(text);
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall declares nothing else", e);
    }
    KernelLibrary library = new KernelLibrary(backend, real, version, table);
    KernelLibrary other = OPEN.putIfAbsent(real, library);
    return other == null ? library : other;
  }

  private static String reason(Exception e) {
    String message = e.getMessage();
    Throwable cause = e.getCause();
    if (cause != null && cause.getMessage() != null) {
      message = message + " (" + cause.getMessage() + ")";
    }
    return message == null ? e.getClass().getSimpleName() : message;
  }

  /**
   * Reads a NUL-terminated UTF-8 string that a library handed out.
   *
   * @param text its address, may be null (address 0)
   * @return the string, empty for null
   */
  public static String string(MemorySegment text) {
    return text.address() == 0 ? "" : text.reinterpret(Long.MAX_VALUE).getString(0);
  }

  /**
   * The backend's name.
   *
   * @return such as {@code "cpu"}
   */
  public String backend() {
    return backend;
  }

  /**
   * The file that is open.
   *
   * @return its absolute path
   */
  public Path path() {
    return path;
  }

  /**
   * The library's own version.
   *
   * @return such as {@code "0.1.0"}
   */
  public String version() {
    return version;
  }

  /**
   * The function table, {@code struct s24_api}.
   *
   * @return a read-only segment that is never closed
   */
  public MemorySegment api() {
    return api;
  }

  private record Place(String name, @Nullable String value) {}
}
