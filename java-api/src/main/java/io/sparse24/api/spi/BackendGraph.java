package io.sparse24.api.spi;

/** A backend's own handle of a graph; see {@link BackendSession#endCapture}. */
public interface BackendGraph {}
