/** The networks of a front that leave a run: written as ONNX, run on their devices, and what these said of them. */
package dev.lutra.server.winner;
