package dev.lutra.server.plan;

import dev.lutra.server.event.RunEvents;
import dev.lutra.server.experiment.Experiment.Target;
import dev.lutra.server.profile.Profiler;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** How long a round of a model takes on the targets' devices, by a few segments. Each device is asked once. */
final class DeviceRounds {

    private static final int SEGMENTS = 3;
    private static final Patience FOR_A_DEVICE = new Patience(Duration.ofSeconds(60));

    private final Profiler profiler;
    private final Predicate<String> isThere;
    private final RunEvents events;
    private final Consumer<String> lacks;
    private final Map<Target, Round> known = new HashMap<>();

    /**
     * @param seconds of one round
     * @param from what that was reckoned from, in words
     */
    record Round(double seconds, String from) {}

    /**
     * @param isThere whether a device, by its name, can be measured on now
     * @param lacks told of devices that are not there
     */
    DeviceRounds(Profiler profiler, Predicate<String> isThere, RunEvents events, Consumer<String> lacks) {
        this.profiler = profiler;
        this.isThere = isThere;
        this.events = events;
        this.lacks = lacks;
    }

    Round of(Target target) {
        return known.computeIfAbsent(target, this::ask);
    }

    private Round ask(Target target) {
        if (!isThere.test(target.device())) {
            lacks.accept("device " + target.device() + ": not there (its agent joins a server that --server names, or the run itself)");
            return round(profiler.leastRound(), "at least, as nobody is there to be measured");
        }
        events.say("plan: measuring " + SEGMENTS + " segments on " + target.device());
        Optional<Duration> measured = FOR_A_DEVICE.waitFor(() -> profiler.timeOfRound(target, SEGMENTS));
        return measured.map(time -> round(time, "by " + SEGMENTS + " of them")).orElseGet(() -> round(profiler.leastRound(),
            "at least, as it has not measured " + SEGMENTS + " in " + FOR_A_DEVICE.time().toSeconds() + " s"));
    }

    private static Round round(Duration time, String from) {
        return new Round(time.toNanos() / 1e9, from);
    }
}
