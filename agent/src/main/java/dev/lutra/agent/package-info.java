/**
 * The profiling agent: a process on the target device that joins a server, leases tasks, runs their ONNX models and reports
 * how long they took. {@link dev.lutra.agent.Main} reads the command line; {@link dev.lutra.agent.AgentLoop} talks to the
 * server through {@link dev.lutra.agent.ServerLink}; {@link dev.lutra.agent.TaskRunner} turns a task into an outcome with
 * {@link dev.lutra.agent.OrtModel} (what is run) and {@link dev.lutra.agent.Measurement} (how it is timed). The agent knows
 * nothing of training, search spaces or tables.
 */
package dev.lutra.agent;
