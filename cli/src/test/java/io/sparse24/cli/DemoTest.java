package io.sparse24.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparse24.cli.demo.DemoResult;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole demo, timed in one round instead of fifteen. */
final class DemoTest {
  @TempDir Path dir = Path.of("");

  @Test
  void theModelPrunedBothWaysAndItsCheckpointAccepted() {
    Path out = dir.resolve("minilm-24");
    S24 run = S24.good("demo", "--rounds", "1", "--out", out, "--json");
    JsonNode json = run.json();
    assertEquals(
        List.of(
            "model", "backend", "dense_bytes", "sparse_bytes", "dense_ms", "sparse_ms", "methods"),
        S24.fields(json));
    assertEquals("all-MiniLM-L6-v2", json.get("model").asText());
    // Six blocks of four 384 x 384 and two 384 x 1536, F32; pruned, half of them and a bit each.
    long elements = 6L * (4 * 384 * 384 + 2 * 384 * 1536);
    assertEquals(4 * elements, json.get("dense_bytes").asLong());
    long sparse = json.get("sparse_bytes").asLong();
    assertTrue(sparse >= 2 * elements + elements / 8 && sparse < 3 * elements, json.toString());
    assertTrue(json.get("dense_ms").asDouble() > 0);
    assertTrue(json.get("sparse_ms").asDouble() > 0);

    JsonNode methods = json.get("methods");
    assertEquals(List.of("magnitude", "wanda"), methods.findValuesAsText("name"));
    for (JsonNode method : methods) {
      assertEquals(
          List.of("name", "cosine_mean", "cosine_min", "top5_agreement"), S24.fields(method));
      double mean = method.get("cosine_mean").asDouble();
      double least = method.get("cosine_min").asDouble();
      assertTrue(0 < least && least < mean && mean < 0.9999, method.toString());
      double top5 = method.get("top5_agreement").asDouble();
      // 5 of 95 others would be found by chance.
      assertTrue(top5 > 0.25 && top5 < 1, method.toString());
    }
    assertTrue(
        methods.get(1).get("cosine_mean").asDouble()
            >= methods.get(0).get("cosine_mean").asDouble());
    assertEquals("demo: 100 % (timing)", run.errLines().getLast());

    JsonNode check = S24.json("check", out);
    assertEquals(36, check.get("pruned").asInt());
    Path dense = dir.resolve("dense");
    assertEquals(36, S24.json("decompress", out, dense).get("decompressed").asInt());
    assertEquals(
        36, S24.json("check", dense, "--include", "encoder.*dense|self").get("pruned").asInt());
  }

  private static DemoResult.Method method(String name, double cosine) {
    return new DemoResult.Method(name, cosine, cosine - 0.1, 0.5);
  }

  @Test
  void theTableHasALineALayerAndBothMethods() {
    DemoResult result =
        new DemoResult(
            new DemoResult.Summary(
                "a-model",
                "cpu",
                4000,
                2000,
                30,
                20,
                List.of(method("magnitude", 0.5), method("wanda", 0.75))),
            List.of(
                new DemoResult.Layer("first", 8, 16, List.of(0.5, 0.625), 3, 2),
                new DemoResult.Layer("second", 16, 8, List.of(0.5, 0.75), 5, 2)),
            7,
            70,
            0.99999961,
            3);
    StringWriter text = new StringWriter();
    DemoCommand.print(new PrintWriter(text, true), result);
    String table = text.toString().replaceAll(" +", " ");
    assertTrue(table.startsWith("a-model on backend cpu: 7 sentences, 70 tokens;"), table);
    assertTrue(table.contains("(cosine >= 0.999999)"), table);
    assertTrue(table.contains("first 8 x 16 50.00 % 62.50 % 3.000 2.000 1.50\n"), table);
    assertTrue(table.contains("second 16 x 8 50.00 % 75.00 % 5.000 2.000 2.50\n"), table);
    assertTrue(table.contains("all linear layers 8.00 4.00 2.00\n"), table);
    assertTrue(table.contains("bytes of the linear layers 4,000 2,000 2.00\n"), table);
    assertTrue(table.contains("(median of 3) 30.0 20.0 1.50\n"), table);
    assertTrue(table.contains("magnitude 0.5000 0.4000 50.0 %\n"), table);
    assertTrue(table.contains("wanda 0.7500 0.6500 50.0 %\n"), table);
    assertTrue(table.endsWith("at least as close to the dense model as magnitude does.\n"), table);
  }

  @Test
  void aWandaThatIsFartherAwayIsSaidToBe() {
    assertTrue(
        DemoCommand.verdict(List.of(method("magnitude", 0.75), method("wanda", 0.5)))
            .contains("NOT as close"));
    assertTrue(
        DemoCommand.verdict(List.of(method("magnitude", 0.75), method("wanda", 0.75)))
            .contains("at least as close"));
  }
}
