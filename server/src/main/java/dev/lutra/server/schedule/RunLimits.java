package dev.lutra.server.schedule;

import java.time.Duration;

/**
 * How much a server does at a time.
 *
 * @param processes runs that have a process, at most
 * @param trainings at a time on each kind of device, at most
 * @param turn time that a run may go on while others of its priority wait
 * @param runsOfOwner that have not ended, at most
 * @param heap of a run's process, as Java's -Xmx takes it; empty: as Java has it
 */
public record RunLimits(int processes, int trainings, Duration turn, int runsOfOwner, String heap) {

    public static final RunLimits USUAL = new RunLimits(4, 1, Duration.ofMinutes(10), 20, "");
}
