package dev.lutra.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.server.schedule.Schedule.Candidate;
import dev.lutra.server.schedule.Schedule.Running;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** On a clock of this test's: runs that train and measure for hours are over in milliseconds. */
class ScheduleTest {

    private static final Duration TURN = Duration.ofMinutes(10);
    private static final Optional<String> CPU = Optional.of("cpu");
    private static final Optional<String> NONE = Optional.empty();

    /** A server as {@link Scheduler} keeps it, with runs that only take time. */
    private static final class Simulated {

        private final Schedule schedule;
        private final Map<Long, Candidate> waiting = new LinkedHashMap<>();
        private final Map<Long, Running> running = new LinkedHashMap<>();
        private final Map<Long, Duration> left = new HashMap<>();
        private final Map<Long, Duration> trained = new HashMap<>();
        private final Map<String, Long> owners = new HashMap<>();
        private final List<Long> ended = new ArrayList<>();
        private long turns;
        private Instant now = Instant.EPOCH;

        Simulated(int processes, int trainings) {
            schedule = new Schedule(processes, trainings, TURN);
        }

        /** @param time that it needs its process for */
        Simulated with(long id, String owner, int priority, Optional<String> device, Duration time) {
            waiting.put(id, new Candidate(id, owner, priority, 0, device));
            left.put(id, time);
            return this;
        }

        Schedule.Decision decide() {
            Schedule.Decision decision = schedule.decide(List.copyOf(waiting.values()), List.copyOf(running.values()), owners, now);
            decision.starts().forEach(id -> {
                Candidate run = waiting.remove(id);
                running.put(id, new Running(run, now, run.device().map(device -> now), false));
            });
            decision.stops().forEach(id -> running.computeIfPresent(id, (same, one) -> new Running(one.run(), one.since(), one.training(), true)));
            return decision;
        }

        /** A minute goes by; who was told to end has done so by its end. */
        void minute() {
            now = now.plusSeconds(60);
            for (Running one : List.copyOf(running.values())) {
                long id = one.run().id();
                left.computeIfPresent(id, (same, rest) -> rest.minusMinutes(1));
                one.training().ifPresent(since -> trained.merge(id, Duration.ofMinutes(1), Duration::plus));
                if (left.get(id).isZero()) {
                    running.remove(id);
                    ended.add(id);
                    hadItsTurn(one.run());
                } else if (one.isEnding()) {
                    running.remove(id);
                    waiting.put(id, new Candidate(id, one.run().owner(), one.run().priority(), hadItsTurn(one.run()), one.run().device()));
                }
            }
        }

        private long hadItsTurn(Candidate run) {
            owners.put(run.owner(), ++turns);
            return turns;
        }

        void minutes(int count) {
            for (int minute = 0; minute < count; minute++) {
                decide();
                minute();
            }
        }
    }

    @Test
    void oneTrainsAndTheOthersWaitWithoutAProcessAndSayForWhat() {
        Simulated server = new Simulated(4, 1).with(1, "a", 0, CPU, Duration.ofHours(1)).with(2, "a", 0, CPU, Duration.ofHours(1))
            .with(3, "b", 0, NONE, Duration.ofHours(1));
        Schedule.Decision first = server.decide();
        assertThat(first.starts()).containsExactlyInAnyOrder(1L, 3L);
        assertThat(first.stops()).isEmpty();
        assertThat(server.decide().waits()).containsExactly(Map.entry(2L, "waits for its turn to train on cpu, where run 1 trains"));
    }

    @Test
    void runsOfOnePriorityTrainInTurnAndNoneIsLate() {
        Simulated server = new Simulated(4, 1);
        List.of(1L, 2L, 3L).forEach(id -> server.with(id, "owner" + id, 0, CPU, Duration.ofHours(10)));
        server.minutes(3 * 11 * 4);
        assertThat(server.trained.values()).hasSize(3).allSatisfy(time -> assertThat(time).isBetween(Duration.ofMinutes(40), Duration.ofMinutes(48)));
    }

    /** Whoever submits ten runs gets no more than who submits one. */
    @Test
    void ownersTakeTurnsNotRuns() {
        Simulated server = new Simulated(20, 1);
        for (long id = 1; id <= 10; id++) {
            server.with(id, "many", 0, CPU, Duration.ofHours(10));
        }
        server.with(11, "one", 0, CPU, Duration.ofHours(10)).minutes(440);
        Duration ofOne = server.trained.get(11L);
        Duration ofMany = server.trained.entrySet().stream().filter(run -> run.getKey() < 11).map(Map.Entry::getValue)
            .reduce(Duration.ZERO, Duration::plus);
        assertThat(ofOne.toMinutes()).isBetween(200L, 240L);
        assertThat(ofMany.toMinutes()).isBetween(200L, 240L);
        assertThat(server.trained).as("its own runs take turns, too").hasSize(11);
    }

    @Test
    void aHigherPriorityComesAtOnceAndToItsEnd() {
        Simulated server = new Simulated(4, 1).with(1, "a", 0, CPU, Duration.ofHours(2));
        server.minutes(3);
        server.with(2, "b", 5, CPU, Duration.ofMinutes(30));
        assertThat(server.decide().stops()).containsExactly(1L);
        assertThat(server.decide().stops()).as("told once").isEmpty();
        server.minutes(31);
        assertThat(server.ended).containsExactly(2L);
        assertThat(server.decide().starts()).containsExactly(1L);
    }

    @Test
    void aLowerPriorityWaitsHoweverLong() {
        Simulated server = new Simulated(4, 1).with(1, "a", 0, CPU, Duration.ofHours(5)).with(2, "b", -1, CPU, Duration.ofHours(1));
        server.minutes(60);
        assertThat(server.trained).containsOnlyKeys(1L);
        server.minutes(5 * 60);
        assertThat(server.ended).startsWith(1L, 2L);
    }

    /** Runs on devices that never join would keep all others out for ever. */
    @Test
    void processesAreGivenInTurnToo() {
        Simulated server = new Simulated(2, 1);
        for (long id = 1; id <= 4; id++) {
            server.with(id, "a", 0, NONE, Duration.ofDays(1));
        }
        server.with(5, "a", 0, NONE, Duration.ofMinutes(5)).minutes(60);
        assertThat(server.ended).containsExactly(5L);
    }

    @Test
    void onlyOneGivesWayForOneThatComes() {
        Simulated server = new Simulated(3, 3);
        List.of(1L, 2L, 3L).forEach(id -> server.with(id, "a", 0, CPU, Duration.ofHours(9)));
        server.minutes(20);
        server.with(4, "b", 1, NONE, Duration.ofHours(1));
        assertThat(server.decide().stops()).hasSize(1);
        assertThat(server.decide().stops()).isEmpty();
    }

    @Test
    void whoAsksForADeviceHasItUnlessOthersComeFirst() {
        Schedule schedule = new Schedule(4, 1, TURN);
        Candidate asks = new Candidate(2, "b", 0, 0, CPU);
        Candidate earlier = new Candidate(1, "a", 0, 0, CPU);
        Running itself = new Running(new Candidate(2, "b", 0, 0, NONE), Instant.EPOCH, Optional.empty(), false);
        Running trains = new Running(earlier, Instant.EPOCH, Optional.of(Instant.EPOCH), false);
        assertThat(schedule.grants(asks, List.of(), List.of(itself), Map.of())).isTrue();
        assertThat(schedule.grants(asks, List.of(), List.of(itself, trains), Map.of())).isFalse();
        assertThat(schedule.grants(asks, List.of(earlier), List.of(itself), Map.of())).as("somebody waits for it").isFalse();
        assertThat(schedule.grants(asks, List.of(new Candidate(1, "a", -1, 0, CPU)), List.of(itself), Map.of())).isTrue();
        assertThat(schedule.grants(asks, List.of(new Candidate(1, "a", 9, 0, Optional.of("cuda"))), List.of(itself), Map.of()))
            .as("of another device").isTrue();
    }
}
