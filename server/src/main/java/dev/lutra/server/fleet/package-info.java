/**
 * The devices of a team and their work. Experiments see a {@link dev.lutra.server.fleet.Fleet}: they store models, submit
 * tasks to a device's queue and wait for outcomes. Behind it the {@link dev.lutra.server.fleet.TaskQueue} hands tasks to
 * agents under leases that expire on the server's clock, so that whatever an agent does, each task ends exactly once.
 */
package dev.lutra.server.fleet;
