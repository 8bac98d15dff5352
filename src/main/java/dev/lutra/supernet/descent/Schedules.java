package dev.lutra.supernet.descent;

import dev.lutra.yaml.Kinds;
import java.util.Map;

/** Every schedule of the learning rate by its name. A new one is a new class and one line here. */
public final class Schedules {

    /** The registry. */
    public static final Kinds<Schedule> ALL = Kinds.of(Map.of(
        "constant", settings -> new ConstantSchedule(),
        "cosine", settings -> Schedule.COSINE,
        "exponential", ExponentialSchedule::of,
        "linear", settings -> Schedule.LINEAR,
        "steps", StepSchedule::of));

    private Schedules() {}
}
