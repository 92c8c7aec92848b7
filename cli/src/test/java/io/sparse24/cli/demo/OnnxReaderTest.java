package io.sparse24.cli.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** ONNX files written field by field here, whole, cut short and made up to do harm. */
final class OnnxReaderTest {
  private static final int FLOAT = 1;
  private static final int INT64 = 7;

  private interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }

  private static byte[] message(Fields fields) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    fields.write(out);
    out.flush();
    return bytes.toByteArray();
  }

  private static byte[] model(byte[]... initializers) throws IOException {
    byte[] node =
        message(out -> {
          out.writeString(1, "x");
          out.writeString(1, "w");
          out.writeString(2, "y");
          out.writeString(3, "/layer/MatMul");
          out.writeString(4, "MatMul");
        });
    byte[] graph =
        message(out -> {
          out.writeByteArray(1, node);
          out.writeString(2, "the graph's name, which nobody reads");
          for (byte[] tensor : initializers) {
            out.writeByteArray(5, tensor);
          }
        });
    return message(out -> {
      out.writeInt64(1, 8);
      out.writeString(2, "a producer");
      out.writeByteArray(7, graph);
    });
  }

  private static byte[] floats(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return bytes.array();
  }

  private static byte[] tensor(String name, int type, byte[] raw, long... dims) throws IOException {
    return message(out -> {
      for (long dim : dims) {
        out.writeInt64(1, dim);
      }
      out.writeInt32(2, type);
      out.writeString(8, name);
      out.writeByteArray(9, raw);
    });
  }

  private static byte[] good() throws IOException {
    return model(tensor("w", FLOAT, floats(1, 2, 3, 4, 5, 6), 2, 3));
  }

  private static IOException refused(byte[] file) {
    IOException e = assertThrows(IOException.class, () -> OnnxReader.read(file));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("model: "), message);
    return e;
  }

  private static void refused(String expected, byte[]... initializers) throws IOException {
    String message = String.valueOf(refused(model(initializers)).getMessage());
    assertTrue(message.contains(expected), message);
  }

  @Test
  void nodesAndTensors() throws IOException {
    OnnxModel model = OnnxReader.read(good());
    OnnxModel.Node node = model.node("/layer/MatMul");
    assertEquals("MatMul", node.opType());
    assertEquals(List.of("x", "w"), node.inputs());
    assertEquals(List.of("y"), node.outputs());
    OnnxModel.Tensor w = model.tensor("w", 2, 3);
    float[] values = new float[6];
    w.floats().get(values);
    assertEquals("[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]", Arrays.toString(values));
  }

  @Test
  void packedExtentsAndPackedFloatsAreTheSame() throws IOException {
    byte[] packed =
        message(out -> {
          out.writeBytes(1, ByteString.copyFrom(new byte[] {2, 1}));
          out.writeInt32(2, FLOAT);
          out.writeByteArray(4, floats(7, 8));
          out.writeString(8, "w");
        });
    OnnxModel.Tensor w = OnnxReader.read(model(packed)).tensor("w", 2, 1);
    assertEquals(7, w.floats().get(0));
    assertEquals(8, w.floats().get(1));
  }

  @Test
  void otherTypesArePassedOverAndAScalarHasOneElement() throws IOException {
    OnnxModel model =
        OnnxReader.read(
            model(tensor("ids", INT64, new byte[24], 3), tensor("scale", FLOAT, floats(0.5f))));
    assertEquals(Set.of("scale"), model.tensors().keySet());
    assertEquals(0.5f, model.tensor("scale").floats().get(0));
  }

  @Test
  void whatIsNotThereIsNamed() throws IOException {
    OnnxModel model = OnnxReader.read(good());
    assertTrue(message(() -> model.node("/other")).contains("has no node /other"));
    assertTrue(message(() -> model.tensor("v", 1)).contains("has no F32 tensor v"));
    assertTrue(message(() -> model.tensor("w", 3, 2)).contains("[2, 3], must be [3, 2]"));
  }

  private interface Read {
    Object read() throws IOException;
  }

  private static String message(Read read) {
    return String.valueOf(assertThrows(IOException.class, read::read).getMessage());
  }

  @Test
  void cutShortAnywhereIsAnError() throws IOException {
    byte[] file = good();
    for (int length = 0; length < file.length; length++) {
      String message = String.valueOf(refused(Arrays.copyOf(file, length)).getMessage());
      assertTrue(message.contains("is no ONNX file"), message);
      assertFalse(message.contains("\n"), message);
    }
  }

  @Test
  void shapesThatDoNotFitTheirBytes() throws IOException {
    refused("has 8 bytes, must have 12", tensor("w", FLOAT, floats(1, 2), 3));
    refused("has 8 bytes, must have 4", tensor("w", FLOAT, floats(1, 2)));
    refused("impossible shape", tensor("w", FLOAT, floats(1), -1));
    refused("impossible shape", tensor("w", FLOAT, floats(1), 1L << 62, 4));
    // 2^32 elements of 2^34 bytes, and a product that is 0 in 32 and in 64 bits.
    refused("impossible shape", tensor("w", FLOAT, new byte[0], 1 << 16, 1 << 16));
    refused(
        "impossible shape", tensor("w", FLOAT, new byte[0], 1 << 30, 1 << 30, 1 << 30, 1 << 30));
    refused(
        "has two tensors w", tensor("w", FLOAT, floats(1), 1), tensor("w", FLOAT, floats(2), 1));
  }

  @Test
  void lengthsBeyondTheFileAndBelowZero() throws IOException {
    for (long length : new long[] {100, Integer.MAX_VALUE, 0xFFFF_FFFFL, 0x8000_0000L}) {
      refused(
          message(out -> {
            out.writeTag(7, 2);
            out.writeUInt64NoTag(length);
          }));
      refused(
          "is no ONNX file",
          message(out -> {
            out.writeTag(9, 2);
            out.writeUInt64NoTag(length);
          }));
    }
  }

  @Test
  void aNameThatIsNoText() throws IOException {
    refused(
        "is no ONNX file",
        message(out -> out.writeBytes(8, ByteString.copyFrom(new byte[] {(byte) 0xC3, 0x28}))));
  }

  @Test
  void groupsThatOnlyEndOrNestWithoutEnd() throws IOException {
    refused(message(out -> out.writeTag(3, 4)));
    refused(
        message(out -> {
          for (int i = 0; i < 100_000; i++) {
            out.writeTag(3, 3);
          }
        }));
  }

  @Test
  void bytesThatAreNoProtobuf() {
    refused(new byte[0]);
    refused("This is a text, not a model.".getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  @Test
  void changedBytesNeverDoMoreThanAnIoException() throws IOException {
    byte[] file = good();
    Random random = new Random(7);
    int refused = 0;
    for (int trial = 0; trial < 20_000; trial++) {
      byte[] changed = file.clone();
      for (int i = 0; i <= trial % 4; i++) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
      }
      try {
        OnnxReader.read(changed);
      } catch (IOException e) {
        refused++;
      }
    }
    assertTrue(refused > 1000, "only " + refused + " of the changes did harm");
  }
}
