package dev.lutra.supernet.evaluation;

import java.util.OptionalDouble;

/**
 * How a candidate was judged.
 *
 * @param hits among the images that it was asked for
 * @param atMost empty where these are all; where judging was stopped, what the accuracy on all hardly exceeds
 */
public record Judged(Hits hits, OptionalDouble atMost) {}
