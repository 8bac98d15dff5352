/**
 * Exported files as the programs want them that run them: {@link dev.lutra.onnx.deploy.DeployedModel} rewrites a model as a
 * {@link dev.lutra.onnx.deploy.Deployment} says, and computes the same.
 */
package dev.lutra.onnx.deploy;
