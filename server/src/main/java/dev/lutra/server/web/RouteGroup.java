package dev.lutra.server.web;

import java.util.List;

/** The calls about one subject. */
public interface RouteGroup {

    /** All of them, in the order in which people are told of them. */
    List<Route> routes();

    /** Ends calls that wait: the server is closed. */
    default void end() {}
}
