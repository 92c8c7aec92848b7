package io.sparse24.api.spi;

/** A backend's own handle of an event; see {@link BackendSession#createEvent}. */
public interface BackendEvent {}
