package io.sparse24.api;

/** What only a backend can know went wrong; one type a cause, with the backend's text. */
public abstract sealed class Sparse24Exception extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private Sparse24Exception(String message) {
    super(message);
  }

  /**
   * The arguments fit, the numbers do not: NaN or Inf, or not 2:4 where 2:4 was promised. Names the
   * first place.
   */
  public static final class BadData extends Sparse24Exception {
    private static final long serialVersionUID = 1L;

    /**
     * With the place.
     *
     * @param message what is wrong and where
     */
    public BadData(String message) {
      super(message);
    }
  }

  /** Right in itself, but not on this machine or with this library. Says what is missing. */
  public static final class Unsupported extends Sparse24Exception {
    private static final long serialVersionUID = 1L;

    /**
     * With the reasons.
     *
     * @param message what is missing
     */
    public Unsupported(String message) {
      super(message);
    }
  }

  /** Native or device memory could not be had. */
  public static final class OutOfMemory extends Sparse24Exception {
    private static final long serialVersionUID = 1L;

    /**
     * With the amount.
     *
     * @param message what could not be allocated
     */
    public OutOfMemory(String message) {
      super(message);
    }
  }

  /** The accelerator or its driver failed. */
  public static final class Device extends Sparse24Exception {
    private static final long serialVersionUID = 1L;

    /**
     * With the driver's words.
     *
     * @param message what the driver said
     */
    public Device(String message) {
      super(message);
    }
  }

  /** A defect of a kernel library. */
  public static final class Internal extends Sparse24Exception {
    private static final long serialVersionUID = 1L;

    /**
     * With the library's text.
     *
     * @param message what the library said
     */
    public Internal(String message) {
      super(message);
    }
  }
}
