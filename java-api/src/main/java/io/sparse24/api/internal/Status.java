package io.sparse24.api.internal;

import io.sparse24.api.Sparse24Exception;
import io.sparse24.bindings.s24.S24;

/** From {@code s24_status} to exceptions: the one place. */
final class Status {
  private Status() {}

  static RuntimeException exception(int status, String text) {
    if (status == S24.S24_BAD_ARGUMENT()) {
      return new IllegalArgumentException(text);
    }
    if (status == S24.S24_BAD_DATA()) {
      return new Sparse24Exception.BadData(text);
    }
    if (status == S24.S24_UNSUPPORTED()) {
      return new Sparse24Exception.Unsupported(text);
    }
    if (status == S24.S24_OUT_OF_MEMORY()) {
      return new Sparse24Exception.OutOfMemory(text);
    }
    if (status == S24.S24_DEVICE_ERROR()) {
      return new Sparse24Exception.Device(text);
    }
    return new Sparse24Exception.Internal("status " + status + ": " + text);
  }
}
