package io.sparse24.api.internal.cuda;

import java.util.ArrayDeque;
import java.util.Deque;

/** What has been made so far, to be destroyed in the opposite order. */
final class Undo implements Runnable {
  private final Deque<Runnable> steps = new ArrayDeque<>();

  void add(Runnable step) {
    steps.push(step);
  }

  @Override
  public void run() {
    while (!steps.isEmpty()) {
      steps.pop().run();
    }
  }
}
