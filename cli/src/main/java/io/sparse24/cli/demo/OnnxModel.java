package io.sparse24.cli.demo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * What the demo needs of an ONNX graph.
 *
 * @param nodes in the order of the file
 * @param tensors the F32 initializers by name
 */
record OnnxModel(List<Node> nodes, Map<String, Tensor> tensors) {
  /**
   * An operation.
   *
   * @param name of this node
   * @param opType of its operator, such as MatMul
   * @param inputs names of tensors or of other nodes' outputs
   * @param outputs names of what it makes
   */
  record Node(String name, String opType, List<String> inputs, List<String> outputs) {}

  /**
   * An F32 constant.
   *
   * @param name of it
   * @param dims row-major shape
   * @param data its elements, little-endian, without a gap
   */
  record Tensor(String name, List<Long> dims, ByteBuffer data) {
    FloatBuffer floats() {
      return data.asFloatBuffer();
    }
  }

  Node node(String name) throws IOException {
    for (Node node : nodes) {
      if (node.name().equals(name)) {
        return node;
      }
    }
    throw new IOException("model: has no node " + name);
  }

  /** A tensor that must be there with just this shape. */
  Tensor tensor(String name, long... dims) throws IOException {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IOException("model: has no F32 tensor " + name);
    }
    List<Long> expected = Arrays.stream(dims).boxed().toList();
    if (!tensor.dims().equals(expected)) {
      throw new IOException(
          "model: tensor " + name + " has shape " + tensor.dims() + ", must be " + expected);
    }
    return tensor;
  }
}
