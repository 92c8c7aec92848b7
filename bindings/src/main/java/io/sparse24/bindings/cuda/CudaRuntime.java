package io.sparse24.bindings.cuda;

import io.sparse24.bindings.KernelLibrary;
import io.sparse24.bindings.LibraryLoadException;
import io.sparse24.bindings.cudart.CudartConstants;
import io.sparse24.bindings.cudart.cudart_api;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * The CUDA runtime: devices, memory, streams, events, graphs. Streams, events and graphs are C's
 * handles; {@link MemorySegment#NULL} is the default stream. As in C, calls are for the calling
 * thread's current device, and any thread may make them.
 *
 * <p>Every function throws {@link CudaException} with CUDA's text where the status is not success.
 */
public final class CudaRuntime {
  /** More than {@code cudaDeviceProp} has in any version; its size is another in each. */
  private static final long DEVICE_PROPERTIES_BYTES = 4096;

  private static final long DEVICE_NAME_BYTES = 256;

  private final OpenLibrary library;
  private final MemorySegment api;

  // What is called for each multiplication, read from the table once: a read makes a segment on the
  // heap.
  private final MemorySegment memcpyAsync;
  private final MemorySegment memsetAsync;
  private final MemorySegment eventRecord;
  private final MemorySegment streamWaitEvent;
  private final MemorySegment graphLaunch;

  CudaRuntime(OpenLibrary library) {
    this.library = library;
    this.api = library.table();
    this.memcpyAsync = cudart_api.cudaMemcpyAsync(api);
    this.memsetAsync = cudart_api.cudaMemsetAsync(api);
    this.eventRecord = cudart_api.cudaEventRecord(api);
    this.streamWaitEvent = cudart_api.cudaStreamWaitEvent(api);
    this.graphLaunch = cudart_api.cudaGraphLaunch(api);
  }

  /**
   * Finds and opens the library.
   *
   * @return it
   * @throws LibraryLoadException if there is none that can be used, with each place looked at
   */
  public static CudaRuntime open() throws LibraryLoadException {
    return new CudaRuntime(VendorLibrary.CUDART.open());
  }

  /**
   * The library's version.
   *
   * @return such as 13.0.0
   */
  public Version version() {
    return library.version();
  }

  /**
   * The newest CUDA that the installed driver can run.
   *
   * @return its version, 0.0.0 where there is no driver
   */
  public Version driverVersion() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      check(
          "cudaDriverGetVersion",
          cudart_api.cudaDriverGetVersion.invoke(cudart_api.cudaDriverGetVersion(api), out));
      return VendorLibrary.cudaVersion(out.get(ValueLayout.JAVA_INT, 0));
    }
  }

  /** Forgets the calling thread's last error, so that later calls do not report it again. */
  public void clearError() {
    int ignored = cudart_api.cudaGetLastError.invoke(cudart_api.cudaGetLastError(api));
  }

  /**
   * The number of devices.
   *
   * @return at least 1; having none, and no driver, are exceptions
   */
  public int deviceCount() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      check(
          "cudaGetDeviceCount",
          cudart_api.cudaGetDeviceCount.invoke(cudart_api.cudaGetDeviceCount(api), out));
      return out.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /**
   * Makes a device the calling thread's current one.
   *
   * @param device its number, from 0
   */
  public void setDevice(int device) {
    check("cudaSetDevice", cudart_api.cudaSetDevice.invoke(cudart_api.cudaSetDevice(api), device));
  }

  /**
   * The calling thread's current device.
   *
   * @return its number, from 0
   */
  public int device() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      check("cudaGetDevice", cudart_api.cudaGetDevice.invoke(cudart_api.cudaGetDevice(api), out));
      return out.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /**
   * A number that describes a device.
   *
   * @param attribute a {@code cudaDevAttr*}
   * @param device its number, from 0
   * @return the attribute's value
   */
  public int deviceAttribute(int attribute, int device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      check(
          "cudaDeviceGetAttribute",
          cudart_api.cudaDeviceGetAttribute.invoke(
              cudart_api.cudaDeviceGetAttribute(api), out, attribute, device));
      return out.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /**
   * A device's name.
   *
   * @param device its number, from 0
   * @return such as {@code "NVIDIA H200"}
   */
  public String deviceName(int device) {
    try (Arena arena = Arena.ofConfined()) {
      // The name comes first in every version of the struct; numbers are deviceAttribute's.
      MemorySegment properties = arena.allocate(DEVICE_PROPERTIES_BYTES, Long.BYTES);
      check(
          "cudaGetDeviceProperties",
          cudart_api.cudaGetDeviceProperties.invoke(
              cudart_api.cudaGetDeviceProperties(api), properties, device));
      return properties.asSlice(0, DEVICE_NAME_BYTES).getString(0, StandardCharsets.UTF_8);
    }
  }

  /**
   * Memory of the current device.
   *
   * @param free bytes that are free
   * @param total bytes that it has
   */
  public record Memory(long free, long total) {}

  /**
   * Memory of the current device.
   *
   * @return what is free and what it has
   */
  public Memory memory() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment free = arena.allocate(ValueLayout.JAVA_LONG);
      MemorySegment total = arena.allocate(ValueLayout.JAVA_LONG);
      check(
          "cudaMemGetInfo",
          cudart_api.cudaMemGetInfo.invoke(cudart_api.cudaMemGetInfo(api), free, total));
      return new Memory(free.get(ValueLayout.JAVA_LONG, 0), total.get(ValueLayout.JAVA_LONG, 0));
    }
  }

  /** Waits for all work on the current device. */
  public void deviceSynchronize() {
    check(
        "cudaDeviceSynchronize",
        cudart_api.cudaDeviceSynchronize.invoke(cudart_api.cudaDeviceSynchronize(api)));
  }

  /**
   * Allocates device memory.
   *
   * @param bytes its size
   * @return its address, aligned to 256 bytes
   */
  public MemorySegment malloc(long bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check("cudaMalloc", cudart_api.cudaMalloc.invoke(cudart_api.cudaMalloc(api), out, bytes));
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  /**
   * Frees device memory, after all work on the device.
   *
   * @param memory of {@link #malloc}, or null
   */
  public void free(MemorySegment memory) {
    check("cudaFree", cudart_api.cudaFree.invoke(cudart_api.cudaFree(api), memory));
  }

  /**
   * Allocates device memory for work that is queued on a stream after this.
   *
   * @param bytes its size
   * @param stream the stream
   * @return its address, aligned to 256 bytes
   */
  public MemorySegment mallocAsync(long bytes, MemorySegment stream) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check(
          "cudaMallocAsync",
          cudart_api.cudaMallocAsync.invoke(cudart_api.cudaMallocAsync(api), out, bytes, stream));
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  /**
   * Frees device memory when the stream comes to it.
   *
   * @param memory of {@link #mallocAsync} or {@link #malloc}
   * @param stream the stream
   */
  public void freeAsync(MemorySegment memory, MemorySegment stream) {
    check(
        "cudaFreeAsync",
        cudart_api.cudaFreeAsync.invoke(cudart_api.cudaFreeAsync(api), memory, stream));
  }

  /**
   * Allocates pinned host memory: copies from and to it are asynchronous.
   *
   * @param bytes its size
   * @return the memory; it is Java's to read and write until {@link #freeHost}, which no segment
   *     notices
   */
  public MemorySegment mallocHost(long bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check(
          "cudaMallocHost",
          cudart_api.cudaMallocHost.invoke(cudart_api.cudaMallocHost(api), out, bytes));
      return out.get(ValueLayout.ADDRESS, 0).reinterpret(bytes);
    }
  }

  /**
   * Frees pinned host memory.
   *
   * @param memory of {@link #mallocHost}
   */
  public void freeHost(MemorySegment memory) {
    check("cudaFreeHost", cudart_api.cudaFreeHost.invoke(cudart_api.cudaFreeHost(api), memory));
  }

  /**
   * Pins host memory that there is, such as a mapped file, until {@link #hostUnregister}.
   *
   * @param memory native memory
   */
  public void hostRegister(MemorySegment memory) {
    check(
        "cudaHostRegister",
        cudart_api.cudaHostRegister.invoke(
            cudart_api.cudaHostRegister(api),
            memory,
            memory.byteSize(),
            CudartConstants.cudaHostRegisterDefault()));
  }

  /**
   * Ends what {@link #hostRegister} did.
   *
   * @param memory the same memory
   */
  public void hostUnregister(MemorySegment memory) {
    check(
        "cudaHostUnregister",
        cudart_api.cudaHostUnregister.invoke(cudart_api.cudaHostUnregister(api), memory));
  }

  /**
   * Queues a copy. From and to host memory that is not pinned it is not asynchronous.
   *
   * @param to where to; it must stay until the stream has been waited for
   * @param from where from; likewise
   * @param bytes how many
   * @param kind a {@code cudaMemcpy*To*}
   * @param stream the stream
   */
  public void memcpyAsync(
      MemorySegment to, MemorySegment from, long bytes, int kind, MemorySegment stream) {
    check(
        "cudaMemcpyAsync",
        cudart_api.cudaMemcpyAsync.invoke(memcpyAsync, to, from, bytes, kind, stream));
  }

  /**
   * Queues the filling of device memory.
   *
   * @param memory its address
   * @param value the value of each byte
   * @param bytes how many
   * @param stream the stream
   */
  public void memsetAsync(MemorySegment memory, int value, long bytes, MemorySegment stream) {
    check(
        "cudaMemsetAsync",
        cudart_api.cudaMemsetAsync.invoke(memsetAsync, memory, value, bytes, stream));
  }

  /**
   * Creates a stream that does not wait for the default one.
   *
   * @return the stream
   */
  public MemorySegment streamCreate() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check(
          "cudaStreamCreateWithFlags",
          cudart_api.cudaStreamCreateWithFlags.invoke(
              cudart_api.cudaStreamCreateWithFlags(api),
              out,
              CudartConstants.cudaStreamNonBlocking()));
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  /**
   * Destroys a stream; what is queued on it still runs.
   *
   * @param stream of {@link #streamCreate}
   */
  public void streamDestroy(MemorySegment stream) {
    check(
        "cudaStreamDestroy",
        cudart_api.cudaStreamDestroy.invoke(cudart_api.cudaStreamDestroy(api), stream));
  }

  /**
   * Waits for all that is queued on a stream.
   *
   * @param stream the stream
   */
  public void streamSynchronize(MemorySegment stream) {
    check(
        "cudaStreamSynchronize",
        cudart_api.cudaStreamSynchronize.invoke(cudart_api.cudaStreamSynchronize(api), stream));
  }

  /**
   * Whether all that is queued on a stream is done.
   *
   * @param stream the stream
   * @return true if it is
   */
  public boolean streamQuery(MemorySegment stream) {
    return done(
        "cudaStreamQuery",
        cudart_api.cudaStreamQuery.invoke(cudart_api.cudaStreamQuery(api), stream));
  }

  /**
   * Lets what is queued on a stream from now on wait for an event.
   *
   * @param stream the stream
   * @param event the event
   */
  public void streamWaitEvent(MemorySegment stream, MemorySegment event) {
    check(
        "cudaStreamWaitEvent",
        cudart_api.cudaStreamWaitEvent.invoke(streamWaitEvent, stream, event, 0));
  }

  /**
   * Creates an event.
   *
   * @param timed whether {@link #eventElapsedTime} is to be asked of it; one that is not is cheaper
   * @return the event
   */
  public MemorySegment eventCreate(boolean timed) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check(
          "cudaEventCreateWithFlags",
          cudart_api.cudaEventCreateWithFlags.invoke(
              cudart_api.cudaEventCreateWithFlags(api),
              out,
              timed
                  ? CudartConstants.cudaEventDefault()
                  : CudartConstants.cudaEventDisableTiming()));
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  /**
   * Destroys an event.
   *
   * @param event of {@link #eventCreate}
   */
  public void eventDestroy(MemorySegment event) {
    check(
        "cudaEventDestroy",
        cudart_api.cudaEventDestroy.invoke(cudart_api.cudaEventDestroy(api), event));
  }

  /**
   * Queues an event.
   *
   * @param event the event
   * @param stream the stream
   */
  public void eventRecord(MemorySegment event, MemorySegment stream) {
    check("cudaEventRecord", cudart_api.cudaEventRecord.invoke(eventRecord, event, stream));
  }

  /**
   * Waits for an event.
   *
   * @param event the event
   */
  public void eventSynchronize(MemorySegment event) {
    check(
        "cudaEventSynchronize",
        cudart_api.cudaEventSynchronize.invoke(cudart_api.cudaEventSynchronize(api), event));
  }

  /**
   * Whether an event has come.
   *
   * @param event the event
   * @return true if it has
   */
  public boolean eventQuery(MemorySegment event) {
    return done(
        "cudaEventQuery", cudart_api.cudaEventQuery.invoke(cudart_api.cudaEventQuery(api), event));
  }

  /**
   * The time between two events that have come.
   *
   * @param start the earlier
   * @param end the later
   * @return milliseconds, to about half a microsecond
   */
  public float eventElapsedTime(MemorySegment start, MemorySegment end) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_FLOAT);
      check(
          "cudaEventElapsedTime",
          cudart_api.cudaEventElapsedTime.invoke(
              cudart_api.cudaEventElapsedTime(api), out, start, end));
      return out.get(ValueLayout.JAVA_FLOAT, 0);
    }
  }

  /**
   * From now on, what is queued on a stream goes into a graph instead of being run.
   *
   * @param stream a stream of {@link #streamCreate}
   * @param mode a {@code cudaStreamCaptureMode*}: whose calls that can't be captured are errors
   */
  public void streamBeginCapture(MemorySegment stream, int mode) {
    check(
        "cudaStreamBeginCapture",
        cudart_api.cudaStreamBeginCapture.invoke(
            cudart_api.cudaStreamBeginCapture(api), stream, mode));
  }

  /**
   * Ends what {@link #streamBeginCapture} began.
   *
   * @param stream the same stream
   * @return the graph
   */
  public MemorySegment streamEndCapture(MemorySegment stream) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check(
          "cudaStreamEndCapture",
          cudart_api.cudaStreamEndCapture.invoke(
              cudart_api.cudaStreamEndCapture(api), stream, out));
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  /**
   * Makes a graph ready to be launched, many times.
   *
   * @param graph of {@link #streamEndCapture}; it may be destroyed after
   * @return the executable graph
   */
  public MemorySegment graphInstantiate(MemorySegment graph) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check(
          "cudaGraphInstantiate",
          cudart_api.cudaGraphInstantiate.invoke(
              cudart_api.cudaGraphInstantiate(api), out, graph, 0));
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  /**
   * Queues a graph.
   *
   * @param executable of {@link #graphInstantiate}
   * @param stream the stream
   */
  public void graphLaunch(MemorySegment executable, MemorySegment stream) {
    check("cudaGraphLaunch", cudart_api.cudaGraphLaunch.invoke(graphLaunch, executable, stream));
  }

  /**
   * Destroys an executable graph, when it is done.
   *
   * @param executable of {@link #graphInstantiate}
   */
  public void graphExecDestroy(MemorySegment executable) {
    check(
        "cudaGraphExecDestroy",
        cudart_api.cudaGraphExecDestroy.invoke(cudart_api.cudaGraphExecDestroy(api), executable));
  }

  /**
   * Destroys a graph.
   *
   * @param graph of {@link #streamEndCapture}
   */
  public void graphDestroy(MemorySegment graph) {
    check(
        "cudaGraphDestroy",
        cudart_api.cudaGraphDestroy.invoke(cudart_api.cudaGraphDestroy(api), graph));
  }

  private boolean done(String function, int status) {
    if (status == CudartConstants.cudaErrorNotReady()) {
      return false;
    }
    check(function, status);
    return true;
  }

  private void check(String function, int status) {
    if (status != CudartConstants.cudaSuccess()) {
      throw new CudaException(
          library,
          function,
          status,
          KernelLibrary.string(
              cudart_api.cudaGetErrorString.invoke(cudart_api.cudaGetErrorString(api), status)));
    }
  }
}
