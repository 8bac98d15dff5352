/** Models in ONNX Runtime: which providers there are, inputs, what ran where, outputs. */
package dev.lutra.agent.runtime;
