package io.sparse24.bench;

import io.sparse24.llm.StepTimes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The targets of sparse training against what was measured. */
final class SlopeGoals {
  private final List<SlopeReport.Run> runs;
  private final List<Goal> goals = new ArrayList<>();

  private SlopeGoals(List<SlopeReport.Run> runs) {
    this.runs = runs;
  }

  static List<Goal> of(
      List<SlopeReport.Run> runs, List<SlopeReport.Layer> layers, SlopeSuite.Targets targets) {
    SlopeGoals all = new SlopeGoals(runs);
    all.loss(SlopeReport.ADAPTERS, 0.03);
    all.loss(SlopeReport.SLOPE, 0.06);
    for (SlopeReport.Layer layer : layers) {
      double target = layer.dtype().equals("F32") ? targets.f32() : targets.bf16();
      all.time(layer, target);
    }
    for (SlopeReport.Layer layer : layers) {
      all.goals.add(
          new Goal(
              "layer's memory",
              layer.name(),
              "dense over SLoPe",
              1 / targets.memory(),
              null,
              1 / layer.memory(),
              layer.dtype().equals("F32") && layer.memory() > targets.memory()
                  ? "dense F32 weights are their own masters; both packed ones are copies"
                  : ""));
    }
    return all.goals;
  }

  private Optional<SlopeReport.Run> run(String method) {
    return runs.stream().filter(run -> run.method().equals(method)).findFirst();
  }

  /** A loss that is higher by a share at most. */
  private void loss(String method, double share) {
    Optional<SlopeReport.Run> dense = run(SlopeReport.DENSE);
    Optional<SlopeReport.Run> sparse = run(method);
    if (dense.isEmpty() || sparse.isEmpty()) {
      return;
    }
    double reached = dense.get().validationLoss() / sparse.get().validationLoss();
    goals.add(
        new Goal(
            "loss of held-out text",
            method,
            "dense over it",
            1 / (1 + share),
            null,
            reached,
            String.format(
                Locale.ROOT, "%+.1f %%, at most %+.0f %%", 100 / reached - 100, 100 * share)));
  }

  private void time(SlopeReport.Layer layer, double target) {
    StepTimes dense = layer.products();
    StepTimes slope = layer.slope();
    double reached = dense.step() / slope.step();
    String note =
        reached >= target
            ? ""
            : String.format(
                Locale.ROOT,
                "× forward %.2f, BWD-1 %.2f, BWD-2 %.2f, optimizer %.2f",
                dense.forward() / slope.forward(),
                dense.weightGradient() / slope.weightGradient(),
                dense.inputGradient() / slope.inputGradient(),
                dense.optimizer() / slope.optimizer());
    goals.add(
        new Goal(
            "layer's step, " + layer.dtype(), layer.name(), "× dense", target, 2.0, reached, note));
  }
}
