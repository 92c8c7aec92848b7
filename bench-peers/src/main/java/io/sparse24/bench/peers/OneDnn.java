package io.sparse24.bench.peers;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_format_tag_any;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_weights_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;
import static org.bytedeco.dnnl.global.dnnl.dnnl_unimplemented;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.bench.Peer;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.bytedeco.javacpp.Loader;

/** oneDNN's matmul, its weights reordered once to the layout it asks for. */
public final class OneDnn implements Peer {
  private final MethodHandle engineCreate;
  private final MethodHandle streamCreate;
  private final MethodHandle descWithStrides;
  private final MethodHandle descWithTag;
  private final MethodHandle descSize;
  private final MethodHandle matmulDesc;
  private final MethodHandle reorderDesc;
  private final MethodHandle queryDesc;
  private final MethodHandle primitiveCreate;
  private final MethodHandle memoryCreate;
  private final MethodHandle execute;
  private final MethodHandle streamWait;
  private final MethodHandle setThreads;
  private final String version;
  private final boolean bf16;

  /** Loads the library. */
  public OneDnn() {
    load("libgomp.so.1", "libdnnl.so.3");
    engineCreate = status("dnnl_engine_create", ADDRESS, JAVA_INT, JAVA_LONG);
    streamCreate = status("dnnl_stream_create", ADDRESS, ADDRESS, JAVA_INT);
    descWithStrides =
        status(
            "dnnl_memory_desc_create_with_strides", ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS);
    descWithTag =
        status("dnnl_memory_desc_create_with_tag", ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    descSize =
        Functions.find("dnnl_memory_desc_get_size", FunctionDescriptor.of(JAVA_LONG, ADDRESS));
    matmulDesc =
        status(
            "dnnl_matmul_primitive_desc_create",
            ADDRESS,
            ADDRESS,
            ADDRESS,
            ADDRESS,
            ADDRESS,
            ADDRESS,
            ADDRESS);
    reorderDesc =
        status(
            "dnnl_reorder_primitive_desc_create",
            ADDRESS,
            ADDRESS,
            ADDRESS,
            ADDRESS,
            ADDRESS,
            ADDRESS);
    queryDesc =
        Functions.find(
            "dnnl_primitive_desc_query_md",
            FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT, JAVA_INT));
    primitiveCreate = status("dnnl_primitive_create", ADDRESS, ADDRESS);
    memoryCreate = status("dnnl_memory_create", ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    execute = status("dnnl_primitive_execute", ADDRESS, ADDRESS, JAVA_INT, ADDRESS);
    streamWait = status("dnnl_stream_wait", ADDRESS);
    setThreads = Functions.find("omp_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT));
    MethodHandle getVersion = Functions.find("dnnl_version", FunctionDescriptor.of(ADDRESS));
    try {
      MemorySegment loaded = ((MemorySegment) getVersion.invokeExact()).reinterpret(12);
      version =
          loaded.getAtIndex(JAVA_INT, 0)
              + "."
              + loaded.getAtIndex(JAVA_INT, 1)
              + "."
              + loaded.getAtIndex(JAVA_INT, 2);
    } catch (Throwable e) {
      throw Functions.unexpected(e);
    }
    bf16 = multiplied(DType.BF16);
  }

  /** Asked of the library: it has no BF16 on processors without AVX-512. */
  private boolean multiplied(DType dtype) {
    try (Arena arena = Arena.ofShared();
        Product _ =
            new Matmul(
                Matrix.allocate(arena, 1, 8, dtype), Matrix.allocate(arena, 8, 8, dtype), 1, 1)) {
      return true;
    } catch (UnsupportedOperationException e) {
      return false;
    }
  }

  /** The library alone: JavaCPP's own loading wants OpenCL too, which the library does not need. */
  private static void load(String... libraries) {
    for (String library : libraries) {
      try {
        String resource = "/org/bytedeco/dnnl/" + Loader.getPlatform() + "/" + library;
        File file = Loader.cacheResource(OneDnn.class, resource);
        if (file == null) {
          throw new UnsatisfiedLinkError(resource + ": not on the class path");
        }
        System.load(file.getPath());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static MethodHandle status(String name, ValueLayout... parameters) {
    return Functions.find(name, FunctionDescriptor.of(JAVA_INT, parameters));
  }

  @Override
  public String name() {
    return "oneDNN";
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public boolean multiplies(DType dtype, long k) {
    return dtype == DType.F32 || (dtype == DType.BF16 && bf16);
  }

  @Override
  public Product prepare(Matrix x, Matrix w, int copies, int threads) {
    return new Matmul(x, w, copies, threads);
  }

  private static void check(int status) {
    if (status == dnnl_unimplemented) {
      throw new UnsupportedOperationException("oneDNN: not on this processor");
    }
    if (status != 0) {
      throw new IllegalStateException("oneDNN: status " + status);
    }
  }

  /** Objects of oneDNN live until the process ends: a benchmark makes few, all of them small. */
  private final class Matmul implements Product {
    /** {@code dnnl_exec_arg_t}: an int, a hole, a pointer. */
    private static final long ARG_BYTES = 16;

    private final Arena arena = Arena.ofShared();
    private final int threads;
    private final int type;
    private final MemorySegment engine;
    private final MemorySegment stream;
    private final MemorySegment primitive;
    private final MemorySegment[] args;
    private final Matrix y;
    private int next;

    Matmul(Matrix x, Matrix w, int copies, int threads) {
      this.threads = threads;
      this.type = x.dtype() == DType.F32 ? dnnl_f32 : dnnl_bf16;
      this.y = Matrix.allocate(arena, x.rows(), w.rows(), x.dtype());
      try {
        setThreads.invokeExact(threads);
        MemorySegment out = arena.allocate(ADDRESS);
        check((int) engineCreate.invokeExact(out, dnnl_cpu, 0L));
        engine = out.get(ADDRESS, 0);
        check((int) streamCreate.invokeExact(out, engine, dnnl_stream_default_flags));
        stream = out.get(ADDRESS, 0);

        long m = x.rows();
        long k = x.cols();
        long n = w.rows();
        MemorySegment xDesc = strided(m, k, k, 1);
        MemorySegment wDesc = strided(k, n, 1, k);
        MemorySegment yDesc = strided(m, n, n, 1);
        MemorySegment none = MemorySegment.NULL;
        check((int) matmulDesc.invokeExact(out, engine, xDesc, anyLayout(k, n), none, yDesc, none));
        MemorySegment matmul = out.get(ADDRESS, 0);
        primitive = primitive(matmul);
        MemorySegment packedDesc =
            (MemorySegment) queryDesc.invokeExact(matmul, dnnl_query_weights_md, 0);
        long bytes = (long) descSize.invokeExact(packedDesc);

        MemorySegment xMemory = memory(xDesc, x.segment());
        MemorySegment yMemory = memory(yDesc, y.segment());
        MemorySegment[] packed = new MemorySegment[copies];
        args = new MemorySegment[copies];
        for (int i = 0; i < copies; i++) {
          packed[i] = arena.allocate(bytes, 64);
          MemorySegment wMemory = memory(packedDesc, packed[i]);
          args[i] = args(DNNL_ARG_SRC, xMemory, DNNL_ARG_WEIGHTS, wMemory, DNNL_ARG_DST, yMemory);
          if (i == 0) {
            check((int) reorderDesc.invokeExact(out, wDesc, engine, packedDesc, engine, none));
            MemorySegment from = memory(wDesc, w.segment());
            execute(
                primitive(out.get(ADDRESS, 0)), args(DNNL_ARG_FROM, from, DNNL_ARG_TO, wMemory));
          } else {
            packed[i].copyFrom(packed[0]);
          }
        }
      } catch (RuntimeException e) {
        arena.close();
        throw e;
      } catch (Throwable e) {
        throw Functions.unexpected(e);
      }
    }

    private MemorySegment strided(long rows, long cols, long rowStride, long colStride)
        throws Throwable {
      MemorySegment out = arena.allocate(ADDRESS);
      MemorySegment dims = arena.allocateFrom(JAVA_LONG, rows, cols);
      MemorySegment strides = arena.allocateFrom(JAVA_LONG, rowStride, colStride);
      check((int) descWithStrides.invokeExact(out, 2, dims, type, strides));
      return out.get(ADDRESS, 0);
    }

    private MemorySegment anyLayout(long rows, long cols) throws Throwable {
      MemorySegment out = arena.allocate(ADDRESS);
      MemorySegment dims = arena.allocateFrom(JAVA_LONG, rows, cols);
      check((int) descWithTag.invokeExact(out, 2, dims, type, dnnl_format_tag_any));
      return out.get(ADDRESS, 0);
    }

    private MemorySegment primitive(MemorySegment desc) throws Throwable {
      MemorySegment out = arena.allocate(ADDRESS);
      check((int) primitiveCreate.invokeExact(out, desc));
      return out.get(ADDRESS, 0);
    }

    private MemorySegment memory(MemorySegment desc, MemorySegment data) throws Throwable {
      MemorySegment out = arena.allocate(ADDRESS);
      check((int) memoryCreate.invokeExact(out, desc, engine, data));
      return out.get(ADDRESS, 0);
    }

    /** Pairs of a number and a memory. */
    private MemorySegment args(Object... pairs) {
      MemorySegment list = arena.allocate(pairs.length / 2 * ARG_BYTES, 8);
      for (int i = 0; i < pairs.length; i += 2) {
        list.set(JAVA_INT, i / 2 * ARG_BYTES, (int) pairs[i]);
        list.set(ADDRESS, i / 2 * ARG_BYTES + 8, (MemorySegment) pairs[i + 1]);
      }
      return list;
    }

    private void execute(MemorySegment what, MemorySegment list) throws Throwable {
      int count = (int) (list.byteSize() / ARG_BYTES);
      check((int) execute.invokeExact(what, stream, count, list));
      check((int) streamWait.invokeExact(stream));
    }

    @Override
    public void run() {
      try {
        setThreads.invokeExact(threads);
        execute(primitive, args[next]);
      } catch (RuntimeException e) {
        throw e;
      } catch (Throwable e) {
        throw Functions.unexpected(e);
      }
      next = next + 1 == args.length ? 0 : next + 1;
    }

    @Override
    public Matrix y() {
      return y;
    }

    @Override
    public void close() {
      arena.close();
    }
  }
}
