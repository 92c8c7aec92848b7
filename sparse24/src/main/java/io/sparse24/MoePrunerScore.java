package io.sparse24;

/**
 * |W| · √s of an expert, s the squared column norms of its inputs, each token's times the weight
 * that the router gives the expert for it (MoE-Pruner, Xie et al. 2024, arXiv 2410.12013): Wanda by
 * other norms.
 */
final class MoePrunerScore extends WandaScore {
  @Override
  public String name() {
    return "moe-pruner";
  }

  @Override
  public boolean needsRouter() {
    return true;
  }
}
