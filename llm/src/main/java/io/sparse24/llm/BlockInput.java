package io.sparse24.llm;

/** What the linear layers of a block multiply; several have the same. */
enum BlockInput {
  /** Normed, of q, k and v. */
  ATTENTION,
  /** What attention gives, of o. */
  ATTENDED,
  /** Normed, of gate and up. */
  MLP,
  /** What SwiGLU gives, of down. */
  ACTIVATED
}
