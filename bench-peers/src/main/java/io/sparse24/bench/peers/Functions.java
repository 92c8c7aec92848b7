package io.sparse24.bench.peers;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/** C functions of the libraries that JavaCPP has loaded. */
final class Functions {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup LOADED = SymbolLookup.loaderLookup();

  private Functions() {}

  static MethodHandle find(String name, FunctionDescriptor type) {
    return LINKER.downcallHandle(
        LOADED.find(name).orElseThrow(() -> new UnsatisfiedLinkError(name + ": not found")), type);
  }

  /** What a downcall may throw is what it declares: nothing. */
  static RuntimeException unexpected(Throwable e) {
    return new IllegalStateException("a call of a C function failed", e);
  }
}
