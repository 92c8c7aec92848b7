/**
 * A decoder of the Llama family: trained dense or 2:4 from the start, run dense or sparse. Names no
 * backend; the tokenizer library is optional.
 */
module io.sparse24.llm {
  requires static transitive org.jspecify;
  requires transitive io.sparse24;
  requires static ai.djl.tokenizers;

  exports io.sparse24.llm;

  opens io.sparse24.llm to
      com.fasterxml.jackson.databind;
}
