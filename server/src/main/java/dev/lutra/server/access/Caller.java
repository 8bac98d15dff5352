package dev.lutra.server.access;

import dev.lutra.proto.Role;
import java.util.Optional;

/**
 * Who makes a call.
 *
 * @param name of the device or token; no secret
 * @param device that it speaks for, or whose name it may take; empty: none, or any
 * @param run the one that it may look at; empty: no less than its role may
 */
public record Caller(Role role, String name, Optional<String> device, Optional<String> run) {

    /** Who is not bound to one run. */
    public Caller(Role role, String name, Optional<String> device) {
        this(role, name, device, Optional.empty());
    }

    /** Who has not shown anything. */
    public static final Caller ANYONE = new Caller(Role.ANYONE, "anyone", Optional.empty());
}
