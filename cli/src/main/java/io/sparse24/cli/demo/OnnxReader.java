package io.sparse24.cli.demo;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads nodes and F32 initializers of an ONNX file. Tensors kept as raw bytes are views of the
 * file's bytes; everything else in the file is skipped.
 */
final class OnnxReader {
  // Tags are field number << 3 | wire type, from onnx.proto.
  private static final int MODEL_GRAPH = bytes(7);
  private static final int GRAPH_NODE = bytes(1);
  private static final int GRAPH_INITIALIZER = bytes(5);
  private static final int NODE_INPUT = bytes(1);
  private static final int NODE_OUTPUT = bytes(2);
  private static final int NODE_NAME = bytes(3);
  private static final int NODE_OP_TYPE = bytes(4);
  private static final int TENSOR_DIM = varint(1);
  private static final int TENSOR_DIMS = bytes(1);
  private static final int TENSOR_DATA_TYPE = varint(2);
  private static final int TENSOR_FLOATS = bytes(4);
  private static final int TENSOR_NAME = bytes(8);
  private static final int TENSOR_RAW = bytes(9);
  private static final int FLOAT = 1;

  private final CodedInputStream in;
  private final List<OnnxModel.Node> nodes = new ArrayList<>();
  private final Map<String, OnnxModel.Tensor> tensors = new HashMap<>();
  private boolean graphSeen;

  private OnnxReader(byte[] file) {
    in = CodedInputStream.newInstance(file);
    in.enableAliasing(true);
  }

  /**
   * Reads a file.
   *
   * @param file its bytes; the tensors are views of them
   * @return nodes and tensors
   * @throws IOException if it is no ONNX file, in one line
   */
  static OnnxModel read(byte[] file) throws IOException {
    OnnxReader reader = new OnnxReader(file);
    try {
      reader.fields(reader::model);
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(
          "model: is no ONNX file (at byte "
              + reader.in.getTotalBytesRead()
              + " of "
              + file.length
              + ": "
              + e.getMessage()
              + ")",
          e);
    }
    if (!reader.graphSeen) {
      throw new IOException("model: is no ONNX file (has no graph)");
    }
    return new OnnxModel(List.copyOf(reader.nodes), Map.copyOf(reader.tensors));
  }

  /** Takes a field of which the tag was read; false leaves it to be skipped. */
  private interface Field {
    boolean take(int tag) throws IOException;
  }

  private void fields(Field field) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (!field.take(tag) && !in.skipField(tag)) {
        throw new InvalidProtocolBufferException("a group ends that did not begin");
      }
    }
  }

  private void message(Field field) throws IOException {
    int outer = in.pushLimit(in.readRawVarint32());
    fields(field);
    in.popLimit(outer);
  }

  private boolean model(int tag) throws IOException {
    if (tag != MODEL_GRAPH) {
      return false;
    }
    graphSeen = true;
    message(this::graph);
    return true;
  }

  private boolean graph(int tag) throws IOException {
    if (tag == GRAPH_NODE) {
      node();
    } else if (tag == GRAPH_INITIALIZER) {
      new TensorMessage().read();
    } else {
      return false;
    }
    return true;
  }

  private void node() throws IOException {
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    String[] names = {"", ""};
    message(tag -> {
      if (tag == NODE_INPUT) {
        inputs.add(in.readStringRequireUtf8());
      } else if (tag == NODE_OUTPUT) {
        outputs.add(in.readStringRequireUtf8());
      } else if (tag == NODE_NAME) {
        names[0] = in.readStringRequireUtf8();
      } else if (tag == NODE_OP_TYPE) {
        names[1] = in.readStringRequireUtf8();
      } else {
        return false;
      }
      return true;
    });
    nodes.add(new OnnxModel.Node(names[0], names[1], List.copyOf(inputs), List.copyOf(outputs)));
  }

  /** A tensor while its fields come in. */
  private final class TensorMessage {
    private final List<Long> dims = new ArrayList<>();
    private String name = "";
    private int dataType;
    private ByteBuffer data = ByteBuffer.allocate(0);

    void read() throws IOException {
      message(this::field);
      if (dataType != FLOAT) {
        return;
      }
      long elements = 1;
      for (long dim : dims) {
        if (dim < 0 || dim > Integer.MAX_VALUE || elements * dim > Integer.MAX_VALUE) {
          throw new IOException("model: tensor " + name + " has the impossible shape " + dims);
        }
        elements *= dim;
      }
      if (elements * Float.BYTES != data.remaining()) {
        throw new IOException(
            "model: tensor "
                + name
                + " of shape "
                + dims
                + " has "
                + data.remaining()
                + " bytes, must have "
                + elements * Float.BYTES);
      }
      data.order(ByteOrder.LITTLE_ENDIAN);
      if (tensors.put(name, new OnnxModel.Tensor(name, List.copyOf(dims), data)) != null) {
        throw new IOException("model: has two tensors " + name);
      }
    }

    private boolean field(int tag) throws IOException {
      if (tag == TENSOR_DIM) {
        dims.add(in.readInt64());
      } else if (tag == TENSOR_DIMS) {
        int outer = in.pushLimit(in.readRawVarint32());
        while (in.getBytesUntilLimit() > 0) {
          dims.add(in.readInt64());
        }
        in.popLimit(outer);
      } else if (tag == TENSOR_DATA_TYPE) {
        dataType = in.readInt32();
      } else if (tag == TENSOR_NAME) {
        name = in.readStringRequireUtf8();
      } else if (tag == TENSOR_FLOATS || tag == TENSOR_RAW) {
        // Packed floats are the same little-endian bytes.
        data = in.readByteBuffer();
      } else {
        return false;
      }
      return true;
    }
  }

  private static int bytes(int field) {
    return field << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
  }

  private static int varint(int field) {
    return field << 3 | WireFormat.WIRETYPE_VARINT;
  }
}
