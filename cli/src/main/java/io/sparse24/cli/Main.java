package io.sparse24.cli;

import io.sparse24.bindings.BuildInfo;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The entry point. Exit status: 0 good, 1 the work failed, 2 wrong usage. */
@Command(
    name = "s24",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "2:4 semi-structured sparsity: prune, check, multiply, train, measure.",
    subcommands = {
      InfoCommand.class,
      DemoCommand.class,
      InspectCommand.class,
      PruneCommand.class,
      DecompressCommand.class,
      CheckCommand.class,
      TrainCommand.class,
      GenerateCommand.class,
      EvalCommand.class,
      BenchCommand.class,
      ReportCommand.class,
    })
public final class Main implements Runnable {
  /** The work failed. */
  static final int FAILED = 1;

  /** Wrong usage. */
  static final int USAGE = 2;

  /** Held, for a logger nobody holds forgets its level. */
  private static final Logger LOGGER = Logger.getLogger("io.sparse24");

  @CommandLine.Spec CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

  /** For picocli. */
  public Main() {}

  /**
   * Runs a command line and ends the JVM.
   *
   * @param args the words after {@code s24}
   */
  public static void main(String[] args) {
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
    LOGGER.setLevel(Boolean.getBoolean("io.sparse24.debug") ? Level.ALL : Level.WARNING);
    System.setProperty("java.util.logging.SimpleFormatter.format", "s24: %5$s%n");
    System.exit(run(args, utf8(System.out), utf8(System.err)));
  }

  private static PrintWriter utf8(PrintStream stream) {
    return new PrintWriter(stream, true, StandardCharsets.UTF_8);
  }

  /** The same without ending the JVM. */
  static int run(String[] args, PrintWriter out, PrintWriter err) {
    int status;
    try {
      status =
          Values.register(new CommandLine(new Main()))
              .setOut(out)
              .setErr(err)
              .setCaseInsensitiveEnumValuesAllowed(true)
              .setExpandAtFiles(false)
              .setParameterExceptionHandler(Errors::usage)
              .setExecutionExceptionHandler(Errors::failed)
              .execute(args);
    } catch (OutOfMemoryError e) {
      err.println("s24: out of memory (" + e.getMessage() + "); S24_JAVA_OPTS=-Xmx8g gives more");
      return FAILED;
    }
    if (out.checkError()) {
      err.println("s24: standard output could not be written in whole");
      return FAILED;
    }
    return status;
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "a command is missing");
  }

  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"s24 " + BuildInfo.VERSION + " on Java " + Runtime.version().feature()};
    }
  }
}
