/**
 * The profiling agent: a process on the target device that joins a server, leases tasks, runs their ONNX models and reports
 * how long they took. {@link dev.lutra.agent.Main} reads the command line; {@link dev.lutra.agent.AgentLoop} talks to the
 * server through {@link dev.lutra.agent.ServerLink}; {@link dev.lutra.agent.Rounds} measures tasks side by side, slice by slice,
 * on a {@link dev.lutra.agent.Bench}, which is a child process ({@link dev.lutra.agent.Worker}) where
 * {@link dev.lutra.agent.OrtModel} runs them and {@link dev.lutra.agent.Sampler} times them. The agent knows nothing of training,
 * search spaces or tables.
 */
package dev.lutra.agent;
