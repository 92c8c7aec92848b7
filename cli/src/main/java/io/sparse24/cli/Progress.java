package io.sparse24.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * Progress of long work, on standard error: a bar with time left on a terminal, plain lines
 * otherwise (at most one each tenth of the work).
 */
final class Progress implements AutoCloseable {
  private final PrintWriter err;
  private final String task;
  private final long total;
  private final @Nullable ProgressBar bar;
  private long done;
  private int tenths;

  Progress(PrintWriter err, String task, long total) {
    this.err = err;
    this.task = task;
    this.total = total;
    this.bar =
        isTerminal()
            ? new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(total)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(100)
                .clearDisplayOnFinish()
                .build()
            : null;
  }

  private static boolean isTerminal() {
    String term = System.getenv("TERM");
    return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent()
        && term != null
        && !term.equals("dumb");
  }

  /** So much of the work is done, and this is what it is at. */
  void step(long amount, String what) {
    done += amount;
    if (bar != null) {
      bar.stepBy(amount);
      bar.setExtraMessage(what);
      return;
    }
    int now = total <= 0 ? 10 : (int) Math.min(10, 10 * done / total);
    if (now > tenths) {
      tenths = now;
      err.println(task + ": " + 10 * now + " % (" + what + ")");
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
