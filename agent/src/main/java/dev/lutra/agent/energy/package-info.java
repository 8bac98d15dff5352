/** Electrical energy, where the system tells it: counters of the processor, sensors of boards, what drivers of GPUs say. */
package dev.lutra.agent.energy;
