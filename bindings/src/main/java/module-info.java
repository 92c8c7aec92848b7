/**
 * The C contract of Sparse24's kernel libraries, and NVIDIA's libraries: generated bindings, and
 * the finding and opening of the libraries. The only module that needs native access ({@code
 * --enable-native-access=io.sparse24.bindings}).
 */
module io.sparse24.bindings {
  requires static transitive org.jspecify;

  exports io.sparse24.bindings;
  exports io.sparse24.bindings.memory to
      io.sparse24.api;
  exports io.sparse24.bindings.s24 to
      io.sparse24.api,
      io.sparse24.bench;
  exports io.sparse24.bindings.cuda to
      io.sparse24.api,
      io.sparse24.bench,
      io.sparse24.cli;
  exports io.sparse24.bindings.cudart to
      io.sparse24.api,
      io.sparse24.bench;
  exports io.sparse24.bindings.cublaslt to
      io.sparse24.api,
      io.sparse24.bench;
  exports io.sparse24.bindings.cusparselt to
      io.sparse24.api,
      io.sparse24.bench;
}
