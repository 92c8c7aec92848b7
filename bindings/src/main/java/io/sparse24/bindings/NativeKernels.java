package io.sparse24.bindings;

import java.net.URL;
import org.jspecify.annotations.Nullable;

/**
 * A kernel library that may be on the class or module path, found by {@link
 * java.util.ServiceLoader}. Implemented once by each kernel folder; it only names things, {@link
 * KernelLibrary} does the work.
 */
public interface NativeKernels {
  /**
   * The backend's name as users write it, {@code [a-z][a-z0-9]*}: {@code "cpu"}, {@code "cuda"}.
   *
   * @return the name
   */
  String name();

  /**
   * Which backend {@code auto} prefers: the highest that can be opened.
   *
   * @return the rank; the pure-Java reference has 0
   */
  int rank();

  /**
   * The library inside this provider's own jar.
   *
   * @param path the resource, {@code native/<platform>/<file name>}
   * @return where it is, or null if this jar carries none for the platform
   */
  @Nullable URL resource(String path);
}
