package io.sparse24.bench;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;

/**
 * The peers on the class path.
 *
 * @param found those that can run here
 * @param missing why each of the others can't
 */
public record Peers(List<Peer> found, Map<String, String> missing) {
  /** None: the peers' module is not on the class path. */
  public static final Peers NONE = new Peers(List.of(), Map.of());

  /**
   * Loads them.
   *
   * @return all there are
   */
  public static Peers load() {
    List<Peer> found = new ArrayList<>();
    Map<String, String> missing = new TreeMap<>();
    Iterator<ServiceLoader.Provider<Peer>> providers =
        ServiceLoader.load(Peer.class).stream().iterator();
    while (providers.hasNext()) {
      ServiceLoader.Provider<Peer> provider = providers.next();
      try {
        found.add(provider.get());
      } catch (ServiceConfigurationError | LinkageError e) {
        missing.put(provider.type().getSimpleName(), reason(e));
      }
    }
    return new Peers(found, missing);
  }

  private static String reason(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.toString().lines().findFirst().orElse("");
  }
}
