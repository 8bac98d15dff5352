package dev.lutra.agent.estimate;

/** A normal distribution: what is known of a number, such as a slope (how much of a change a task follows, 0 not at all and 1 in full). */
record Normal(double mean, double variance) {}
