package io.sparse24.cli;

import io.sparse24.api.Backends;
import io.sparse24.api.Session;
import io.sparse24.api.SessionOptions;
import io.sparse24.api.Sparse24Exception;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --backend} and {@code --threads}, the same for every command that computes. */
final class BackendOption {
  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = Backends.AUTO,
      description = "cpu, cuda, reference or auto (the best that opens). Default: ${DEFAULT-VALUE}")
  String name = Backends.AUTO;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "CPU threads, 0 = all. Default: ${DEFAULT-VALUE}")
  int threads;

  @Spec(Spec.Target.MIXEE)
  CommandSpec command = CommandSpec.create();

  Session open() {
    try {
      return Backends.open(name, SessionOptions.threads(threads));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), "--" + e.getMessage());
    } catch (Sparse24Exception.Unsupported e) {
      throw new Sparse24Exception.Unsupported(
          e.getMessage() + "; --backend auto takes the best that opens here");
    }
  }
}
