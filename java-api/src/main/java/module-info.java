/**
 * The thin Java API: backends, sessions and their operations over off-heap memory, and the
 * pure-Java reference backend that is the oracle of all tests.
 */
module io.sparse24.api {
  requires static transitive org.jspecify;
  requires io.sparse24.bindings;
  requires jdk.jfr;

  exports io.sparse24.api;
  exports io.sparse24.api.spi;
  exports io.sparse24.api.reference;
  exports io.sparse24.api.internal to
      io.sparse24;

  uses io.sparse24.bindings.NativeKernels;
  uses io.sparse24.api.spi.Backend;

  provides io.sparse24.api.spi.Backend with
      io.sparse24.api.reference.ReferenceBackend;
}
