/**
 * From a network as it is trained to one as it is used: {@link dev.lutra.lowering.Lowering passes} that rewrite the graph and
 * the weights that belong to it. The supernet's inference and the ONNX exporter run the same ones, so what was judged is what
 * is in the file, unless that is to keep its batch norm.
 */
package dev.lutra.lowering;
