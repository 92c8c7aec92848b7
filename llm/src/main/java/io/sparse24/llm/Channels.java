package io.sparse24.llm;

import java.util.List;

/**
 * Where the channels come from that a layer multiplies: outputs of other layers of the block, as
 * they are, weighted by attention, or multiplied with each other element by element.
 *
 * @param makers those layers; row i of each makes channel i
 * @param width so many channels in a row may change places among themselves: a head's, or all
 * @param readers so many stretches of the layer's columns in a row multiply the same channels: the
 *     query heads that share a head of values, or 1
 */
record Channels(List<LinearLayer> makers, int width, int readers) {}
