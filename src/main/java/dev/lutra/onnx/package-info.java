/**
 * Networks as ONNX files. {@link dev.lutra.onnx.OnnxExporter} turns any network, or one segment of it, and its weights into
 * a model; {@link dev.lutra.onnx.OnnxFile} stores it and reads back where it came from, under the keys of
 * {@link dev.lutra.onnx.OnnxMetadata}.
 */
package dev.lutra.onnx;
