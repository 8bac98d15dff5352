/** A task's latency with its interval, of slices taken while the machine's speed came and went. */
package dev.lutra.agent.estimate;
