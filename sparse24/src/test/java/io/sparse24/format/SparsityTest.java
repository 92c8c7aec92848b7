package io.sparse24.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparse24.format.Fixture.Item;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Zeros and patterns, on masks written out. */
final class SparsityTest {
  @TempDir Path folder;

  private Sparsity of(Item item) throws IOException {
    try (Safetensors tensors = Safetensors.open(Fixture.write(folder.resolve("a"), item))) {
      return Sparsity.of(tensors.tensor(item.name()));
    }
  }

  /** Rows parted by a slash; x is not zero, - is -0.0. */
  @ParameterizedTest
  @CsvSource({
    "xx.., 2:4, 2",
    "x.x./.xx./..xx, 2:4, 6",
    "xxx., dense, 1",
    "xxxx, dense, 0",
    "xx--, 2:4, 2",
    "...., 2:4, 4",
    "x., 1:2, 1",
    "x.x.x., 1:2, 3",
    "xx./xx., dense, 2",
    "xxx.x..., 4:8, 4",
    "xxx.xx.., dense, 3",
    "xxx.xxx.x.x....., 8:16, 8",
    "xxxx...., 4:8, 4",
    "xx../xx.x, dense, 3",
    "x, dense, 0",
    "xxxx....xxxx........, dense, 12",
    "xxxx........xxxx, 4:8, 8",
  })
  void patterns(String rows, String pattern, long zeros) throws IOException {
    String cells = rows.replace("/", "");
    int n = rows.split("/").length;
    for (String dtype : new String[] {"F32", "BF16", "F16", "I8", "F8_E4M3"}) {
      int width = Fixture.width(dtype);
      ByteBuffer data = ByteBuffer.allocate(cells.length() * width).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < cells.length(); i++) {
        // The smallest number: a denormal, of the lowest bit only. An integer has one zero.
        boolean minus = cells.charAt(i) == '-' && !dtype.equals("I8");
        int bits = cells.charAt(i) == 'x' ? 1 : minus ? 1 << (8 * width - 1) : 0;
        switch (width) {
          case 4 -> data.putInt(bits);
          case 2 -> data.putShort((short) bits);
          default -> data.put((byte) bits);
        }
      }
      Item item = Item.of("w", dtype, data.array(), n, cells.length() / n);
      assertEquals(new Sparsity(cells.length(), zeros, pattern), of(item), dtype);
    }
  }

  @Test
  void otherTypesAndEmptyTensorsAreDense() throws IOException {
    assertEquals(new Sparsity(4, 0, "dense"), of(Item.of("w", "I32", new byte[16], 1, 4)));
    assertEquals(
        new Sparsity(4, 3, "2:4"), of(Item.of("w", "I8", new byte[] {0, (byte) 0x80, 0, 0}, 1, 4)));
    assertEquals(new Sparsity(0, 0, "dense"), of(Item.of("w", "F32", new byte[0], 0, 4)));
    assertEquals(new Sparsity(0, 0, "dense"), of(Item.of("w", "F32", new byte[0], 4, 0)));
    assertEquals(new Sparsity(1, 1, "dense"), of(Item.of("w", "F32", new byte[4])));
  }

  @Test
  void randomWeightsAre24() throws IOException {
    long seed = Long.getLong("s24.seed", System.nanoTime());
    Random random = new Random(seed);
    for (int k : new int[] {4, 12, 20, 1028}) {
      byte[] data = Fixture.random24(random, "BF16", 33, k);
      long zeros = 0;
      for (int i = 0; i < data.length; i += 2) {
        zeros += data[i] == 0 && data[i + 1] == 0 ? 1 : 0;
      }
      assertEquals(
          new Sparsity(33L * k, zeros, "2:4"),
          of(Item.of("w", "BF16", data, 33, k)),
          "seed " + seed);
    }
  }
}
