package dev.lutra.server.experiment;

import dev.lutra.server.web.WebServer;
import java.util.Optional;

/** How a run reaches its devices. */
public sealed interface FleetAccess {

    /** A server elsewhere, as {@code lutra serve} runs it. */
    record Remote(String address, String token) implements FleetAccess {}

    /** A server inside the run, for agents to join; port 0 takes a free one. Browsers join where it serves pages too. */
    record Own(String host, int port, Optional<WebServer.Settings> pages) implements FleetAccess {}
}
