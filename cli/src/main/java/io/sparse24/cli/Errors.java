package io.sparse24.cli;

import io.sparse24.api.Sparse24Exception;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.List;
import picocli.CommandLine;

/**
 * Every failure becomes one line that says what to do; a stack trace only with {@code
 * -Dio.sparse24.cli.trace=true}.
 */
final class Errors {
  private Errors() {}

  static int usage(CommandLine.ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    command.getErr().println(name + ": " + usageMessage(e) + " (see " + name + " --help)");
    return Main.USAGE;
  }

  private static String usageMessage(CommandLine.ParameterException e) {
    if (!(e instanceof CommandLine.UnmatchedArgumentException unmatched)) {
      return oneLine(e);
    }
    String word = unmatched.getUnmatched().get(0);
    List<String> nearest = unmatched.getSuggestions();
    return "does not know '"
        + word
        + "'"
        + (nearest.isEmpty() ? "" : ", did you mean '" + nearest.get(0) + "'?");
  }

  static int failed(Exception thrown, CommandLine command, CommandLine.ParseResult parsed) {
    Exception e =
        thrown instanceof UncheckedIOException && thrown.getCause() instanceof IOException cause
            ? cause
            : thrown;
    PrintWriter err = command.getErr();
    err.println(command.getCommandSpec().qualifiedName() + ": " + message(e));
    if (Boolean.getBoolean("io.sparse24.cli.trace") || !expected(e)) {
      e.printStackTrace(err);
    }
    return Main.FAILED;
  }

  /** What users can cause; anything else is a defect of ours, whose trace we want to see. */
  private static boolean expected(Exception e) {
    return e instanceof IOException
        || e instanceof IllegalArgumentException
        || e instanceof IllegalStateException
        || e instanceof Sparse24Exception;
  }

  private static String message(Exception e) {
    if (e instanceof NoSuchFileException missing) {
      return missing.getFile() + ": no such file or directory";
    }
    if (e instanceof AccessDeniedException denied) {
      return denied.getFile() + ": permission denied";
    }
    if (e instanceof FileAlreadyExistsException there) {
      return there.getFile() + ": exists already, name a new one";
    }
    if (e instanceof NotDirectoryException file) {
      return file.getFile() + ": is not a directory";
    }
    if (expected(e)) {
      return oneLine(e);
    }
    return "a defect of s24, please report it: " + e.getClass().getName() + ": " + oneLine(e);
  }

  private static String oneLine(Exception e) {
    String text = e.getMessage();
    return text == null ? e.getClass().getSimpleName() : text.replaceAll("\\s*\\R\\s*", "; ");
  }
}
