/** Other machines that a run computes on, and what it has them do. */
package dev.lutra.server.cluster;
