/**
 * 2:4 matrices, scores, pruners, sparse training and file formats. Names no backend; whatever is on
 * the path is used.
 */
module io.sparse24 {
  requires static transitive org.jspecify;
  requires transitive io.sparse24.api;
  requires io.sparse24.bindings;
  requires transitive com.fasterxml.jackson.databind;

  exports io.sparse24;
  exports io.sparse24.format;
  exports io.sparse24.train;
}
