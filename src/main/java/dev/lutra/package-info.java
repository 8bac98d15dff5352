/**
 * Lutra's core, in the order data flows through it: a {@code space} builds a {@code network}; {@code data} and the
 * {@code supernet} give its accuracy, {@code cost} its MACs and parameters, {@code latency} its time on a device;
 * {@code search} weighs them; {@code onnx} writes the winners.
 */
package dev.lutra;
