package io.sparse24.train;

import io.sparse24.api.Activation;
import io.sparse24.api.Epilogue;

/** The epilogues Y = product + beta · C, made once for each beta in a row. */
final class Addend {
  static final Epilogue ONE = new Epilogue(1, 1, null, Activation.NONE);

  private Epilogue last = ONE;

  Epilogue of(float beta) {
    if (beta == 0) {
      return Epilogue.NONE;
    }
    if (beta == 1) {
      return ONE;
    }
    if (last.beta() != beta) {
      last = new Epilogue(1, beta, null, Activation.NONE);
    }
    return last;
  }
}
