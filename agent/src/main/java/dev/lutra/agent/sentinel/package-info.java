/** Networks that are always the same, whose latencies tell how fast the machine is at the moment. */
package dev.lutra.agent.sentinel;
