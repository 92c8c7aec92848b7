package io.sparse24.cli;

import io.sparse24.api.BackendInfo;
import io.sparse24.api.Backends;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.bindings.BuildInfo;
import io.sparse24.bindings.cuda.VendorLibrary;
import io.sparse24.bindings.cuda.Version;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Backends, ISA tier, kernels and vendor libraries found, or why not. */
@Command(
    name = "info",
    mixinStandardHelpOptions = true,
    description =
        "Backends, ISA tier, kernels and vendor libraries on this machine, or why one does not"
            + " open.")
final class InfoCommand implements Callable<Integer> {
  @Option(names = "--json", description = "JSON on standard output.")
  boolean json;

  @Option(names = "--kernels", description = "List every kernel, not just their number.")
  boolean kernels;

  @Option(
      names = "--libraries",
      description = "List every place where a vendor library was looked for.")
  boolean libraries;

  @Spec CommandSpec spec = CommandSpec.create();

  record Kernel(int id, String name, String isa, boolean available, String reason) {}

  record Backend(
      String name,
      boolean available,
      String reason,
      @Nullable BackendInfo info,
      List<Kernel> kernels) {}

  record Library(
      String name,
      boolean available,
      @Nullable String version,
      @Nullable String file,
      List<String> refused,
      List<String> places) {
    static Library of(VendorLibrary.Finding finding) {
      Version version = finding.version();
      return new Library(
          finding.library().title(),
          version != null,
          version == null ? null : version.toString(),
          finding.file(),
          finding.refused(),
          finding.places());
    }
  }

  record Overview(
      String version, String java, String os, List<Backend> backends, List<Library> libraries) {}

  @Override
  public Integer call() {
    Overview info = gather();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, info);
    } else {
      print(out, info);
    }
    return 0;
  }

  private static Overview gather() {
    List<Backend> backends = new ArrayList<>();
    for (String name : Backends.names()) {
      try (Session session = Backends.open(name)) {
        List<Kernel> list = new ArrayList<>();
        for (KernelInfo k : session.kernels()) {
          list.add(new Kernel(k.id(), k.name(), k.isa(), k.available(), k.reason()));
        }
        backends.add(new Backend(name, true, "", session.info(), list));
      } catch (Sparse24Exception e) {
        backends.add(new Backend(name, false, String.valueOf(e.getMessage()), null, List.of()));
      }
    }
    return new Overview(
        BuildInfo.VERSION,
        Runtime.version().toString(),
        System.getProperty("os.name") + " " + System.getProperty("os.arch"),
        backends,
        VendorLibrary.all().stream().map(VendorLibrary::look).map(Library::of).toList());
  }

  private void print(PrintWriter out, Overview info) {
    out.printf("Sparse24 %s on Java %s, %s%n", info.version(), info.java(), info.os());
    for (Backend backend : info.backends()) {
      BackendInfo facts = backend.info();
      out.println();
      if (facts == null) {
        out.printf("%s: not available%n", backend.name());
        for (String reason : backend.reason().split("; ", -1)) {
          out.printf("  %s%n", reason);
        }
        continue;
      }
      long usable = backend.kernels().stream().filter(Kernel::available).count();
      out.printf(
          "%s: %s, tier %s, %s%n",
          backend.name(), facts.device(), facts.isa(), Count.of(facts.threads(), "thread"));
      if (!facts.library().isEmpty()) {
        out.printf("  library %s%n", facts.library());
      }
      out.printf("  %d of %d kernels usable%n", usable, backend.kernels().size());
      if (kernels) {
        for (Kernel kernel : backend.kernels()) {
          out.printf(
              "  %3d %-36s %s%n",
              kernel.id(), kernel.name(), kernel.available() ? "" : kernel.reason());
        }
      }
    }
    out.printf("%nvendor libraries%n");
    info.libraries().forEach(library -> print(out, library));
    out.flush();
  }

  private void print(PrintWriter out, Library library) {
    out.printf(
        "  %s%s%n",
        library.name(),
        library.available()
            ? " " + library.version() + ", " + library.file()
            : ": not found" + (libraries ? "" : " (--libraries says where it was looked for)"));
    for (String place : libraries ? library.places() : library.refused()) {
      out.printf("    %s%n", place);
    }
  }
}
