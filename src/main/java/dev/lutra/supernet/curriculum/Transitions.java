package dev.lutra.supernet.curriculum;

import dev.lutra.yaml.Kinds;
import java.util.Map;

/** Everything that can happen between phases by its name. A new kind is a new class and one line here. */
public final class Transitions {

    /** The registry. */
    public static final Kinds<Transition> ALL = Kinds.of(Map.of(
        "independent", Independent::of,
        "inherit", settings -> new Inherit(),
        "re-initialise", settings -> new Reinitialise(),
        "rebase", settings -> new Rebase(),
        "shrink", Shrink::of,
        "widen", settings -> new Widen()));

    private Transitions() {}
}
