package io.sparse24.llm;

import java.util.Arrays;
import java.util.stream.Collectors;

/** How a decoder's linear layers are trained. */
public enum Method {
  /** Dense. */
  DENSE("dense"),
  /** Sparse from the start to the end, double-pruned backward, adapters at the end if wanted. */
  SLOPE("slope"),
  /** A dense master whose mask is selected anew at each step. */
  SR_STE("sr-ste");

  private final String id;

  Method(String id) {
    this.id = id;
  }

  /**
   * The name users write.
   *
   * @return such as {@code sr-ste}
   */
  public String id() {
    return id;
  }

  /** The name users write. */
  @Override
  public String toString() {
    return id;
  }

  /**
   * Finds a method.
   *
   * @param id as users write it
   * @return the method
   * @throws IllegalArgumentException if there is none, with the names there are
   */
  public static Method named(String id) {
    for (Method method : values()) {
      if (method.id.equals(id)) {
        return method;
      }
    }
    throw new IllegalArgumentException(
        "method: is '"
            + id
            + "', must be one of "
            + Arrays.stream(values()).map(Method::id).collect(Collectors.joining(", ")));
  }
}
