/** Timing of something that can be run again and again: warm-up, a slice back to back, or requests that are due. */
package dev.lutra.agent.sampling;
