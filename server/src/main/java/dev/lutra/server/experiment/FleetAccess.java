package dev.lutra.server.experiment;

/** How a run reaches its devices. */
public sealed interface FleetAccess {

    /** A server elsewhere, as {@code lutra serve} runs it. */
    record Remote(String address, String token) implements FleetAccess {}

    /** A server inside the run, for agents to join; port 0 takes a free one. */
    record Own(String host, int port) implements FleetAccess {}
}
