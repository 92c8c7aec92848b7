package io.sparse24.api.internal;

import io.sparse24.api.spi.BackendEvent;
import io.sparse24.api.spi.BackendGraph;
import io.sparse24.bindings.memory.HostMemory;
import io.sparse24.bindings.s24.s24_api;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.IntConsumer;

/** The queue of a kernel library's context: pinned memory, asynchronous copies, events, graphs. */
final class NativeQueue {
  private record Event(MemorySegment handle) implements BackendEvent {}

  private record Graph(MemorySegment handle) implements BackendGraph {}

  private final MemorySegment api;
  private final MemorySegment context;
  private final IntConsumer check;
  private final MemorySegment outAddress;
  private final MemorySegment outFloat;

  // Read from the table once: a read makes a segment on the heap.
  private final MemorySegment queueFunction;
  private final MemorySegment toDevice;
  private final MemorySegment toHost;
  private final MemorySegment recordFunction;
  private final MemorySegment waitFunction;
  private final MemorySegment launchFunction;

  NativeQueue(MemorySegment api, MemorySegment context, Arena arena, IntConsumer check) {
    this.api = api;
    this.context = context;
    this.check = check;
    this.outAddress = arena.allocate(ValueLayout.ADDRESS);
    this.outFloat = arena.allocate(ValueLayout.JAVA_FLOAT);
    this.queueFunction = s24_api.queue(api);
    this.toDevice = s24_api.copy_to_device_async(api);
    this.toHost = s24_api.copy_to_host_async(api);
    this.recordFunction = s24_api.event_record(api);
    this.waitFunction = s24_api.event_wait(api);
    this.launchFunction = s24_api.graph_launch(api);
  }

  private MemorySegment out() {
    return outAddress.get(ValueLayout.ADDRESS, 0);
  }

  long address() {
    check.accept(s24_api.queue.invoke(queueFunction, context, outAddress));
    return out().address();
  }

  /** Makes the context's device the calling thread's, as every function does. */
  void makeCurrent() {
    check.accept(s24_api.queue.invoke(queueFunction, context, outAddress));
  }

  MemorySegment allocateHost(Arena arena, long bytes) {
    check.accept(
        s24_api.host_memory_allocate.invoke(
            s24_api.host_memory_allocate(api), context, bytes, outAddress));
    return HostMemory.view(out(), bytes, arena);
  }

  void freeHost(MemorySegment memory) {
    check.accept(
        s24_api.host_memory_free.invoke(
            s24_api.host_memory_free(api), context, MemorySegment.ofAddress(memory.address())));
  }

  void copyToDevice(MemorySegment from, long address) {
    check.accept(
        s24_api.copy_to_device_async.invoke(
            toDevice, context, MemorySegment.ofAddress(address), from, from.byteSize()));
  }

  void copyToHost(long address, MemorySegment to) {
    check.accept(
        s24_api.copy_to_host_async.invoke(
            toHost, context, to, MemorySegment.ofAddress(address), to.byteSize()));
  }

  BackendEvent createEvent() {
    check.accept(s24_api.event_create.invoke(s24_api.event_create(api), context, outAddress));
    return new Event(out());
  }

  void destroy(BackendEvent event) {
    check.accept(s24_api.event_destroy.invoke(s24_api.event_destroy(api), context, handle(event)));
  }

  void record(BackendEvent event) {
    check.accept(s24_api.event_record.invoke(recordFunction, context, handle(event)));
  }

  void waitFor(BackendEvent event) {
    check.accept(s24_api.event_wait.invoke(waitFunction, context, handle(event)));
  }

  void synchronize(BackendEvent event) {
    check.accept(
        s24_api.event_synchronize.invoke(s24_api.event_synchronize(api), context, handle(event)));
  }

  double elapsed(BackendEvent start, BackendEvent end) {
    check.accept(
        s24_api.event_elapsed.invoke(
            s24_api.event_elapsed(api), context, handle(start), handle(end), outFloat));
    return outFloat.get(ValueLayout.JAVA_FLOAT, 0);
  }

  void beginCapture() {
    check.accept(s24_api.capture_begin.invoke(s24_api.capture_begin(api), context));
  }

  BackendGraph endCapture() {
    check.accept(s24_api.capture_end.invoke(s24_api.capture_end(api), context, outAddress));
    return new Graph(out());
  }

  void launch(BackendGraph graph) {
    check.accept(s24_api.graph_launch.invoke(launchFunction, context, handle(graph)));
  }

  void destroy(BackendGraph graph) {
    check.accept(s24_api.graph_destroy.invoke(s24_api.graph_destroy(api), context, handle(graph)));
  }

  private static MemorySegment handle(BackendEvent event) {
    return ((Event) event).handle();
  }

  private static MemorySegment handle(BackendGraph graph) {
    return ((Graph) graph).handle();
  }
}
