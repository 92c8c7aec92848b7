/**
 * A decoder of the Llama family on the operations of a {@link io.sparse24.api.Session}: {@link
 * io.sparse24.llm.Trainer} trains one, dense or 2:4 from the start, {@link
 * io.sparse24.llm.LanguageModel} runs one from a Hugging Face directory, dense or sparse.
 */
@NullMarked
package io.sparse24.llm;

import org.jspecify.annotations.NullMarked;
