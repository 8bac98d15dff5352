package dev.lutra.server.outcome;

/**
 * What a device said of a network's file in 8-bit integers, which no limit is on.
 *
 * @param p50Nanos measured median
 * @param difference largest difference of the outputs from those of the network in integers, relative to their range
 * @param numericsAgree whether that is little enough
 */
public record InIntegers(long p50Nanos, double difference, boolean numericsAgree) {}
