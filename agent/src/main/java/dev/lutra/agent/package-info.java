/**
 * The profiling agent: a process on the target device that joins a server, leases tasks, runs their ONNX models and reports
 * how long they took. {@link dev.lutra.agent.Main} reads the command line; {@link dev.lutra.agent.AgentLoop} brings the
 * packages together: tasks come and outcomes go by {@code link}; {@code rounds} measures them side by side, slice by slice, on a
 * {@code bench}, which is a child process where {@code runtime} opens models and {@code sampling} times them; {@code sentinel}
 * tells the machine's speed meanwhile, {@code estimate} and {@code statistics} make latencies with intervals of the slices. The
 * agent knows nothing of training, search spaces or tables.
 */
package dev.lutra.agent;
