package io.sparse24.cli.demo;

import java.util.List;

/**
 * What the demo found.
 *
 * @param summary the figures programs read
 * @param layers every linear layer
 * @param sentences how many were embedded
 * @param tokens how many those have
 * @param onnxCosineMin the worst cosine between our dense embeddings and ONNX Runtime's
 * @param rounds how many times the set was embedded for the medians
 */
public record DemoResult(
    Summary summary,
    List<Layer> layers,
    int sentences,
    int tokens,
    double onnxCosineMin,
    int rounds) {
  /**
   * The figures programs read.
   *
   * @param model its name
   * @param backend that computed
   * @param denseBytes size of the linear weights dense
   * @param sparseBytes size of the same weights pruned and packed
   * @param denseMs median time to embed the whole set densely
   * @param sparseMs the same with the pruned weights
   * @param methods each way of pruning
   */
  public record Summary(
      String model,
      String backend,
      long denseBytes,
      long sparseBytes,
      double denseMs,
      double sparseMs,
      List<Method> methods) {}

  /**
   * A way of pruning and what it did to the embeddings.
   *
   * @param name of the score
   * @param cosineMean mean cosine of an embedding to the dense model's
   * @param cosineMin the worst
   * @param top5Agreement share of the dense model's first five neighbours found again
   */
  public record Method(String name, double cosineMean, double cosineMin, double top5Agreement) {}

  /**
   * A linear layer.
   *
   * @param name in the model
   * @param n outputs
   * @param k inputs
   * @param keptEnergy of each method, the share of Σ (|w_ij| · ‖x_j‖)² kept
   * @param denseMs median time of the layer over the whole set
   * @param sparseMs the same pruned
   */
  public record Layer(
      String name, long n, long k, List<Double> keptEnergy, double denseMs, double sparseMs) {}
}
