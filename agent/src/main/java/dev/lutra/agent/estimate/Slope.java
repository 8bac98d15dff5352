package dev.lutra.agent.estimate;

/** How much of a change tasks follow, 0 not at all and 1 in full: a normal distribution. */
record Slope(double mean, double variance) {}
