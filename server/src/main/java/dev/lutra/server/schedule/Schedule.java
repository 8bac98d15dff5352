package dev.lutra.server.schedule;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Which runs have a process, and which of them train. Those of a higher priority come first; of one priority, owners take turns, and so do
 * the runs of an owner. Who waits has a place given up for it by a run of lower priority at once, by one of its own priority when that has
 * had its time. A run that waits for a device to train on has no process meanwhile.
 *
 * @param processes at a time, at most
 * @param trainings at a time on each kind of device, at most
 * @param time that a run may go on while others of its priority wait
 */
record Schedule(int processes, int trainings, Duration time) {

    /**
     * A run that is to go on.
     *
     * @param turn grows with every run that had its turn
     * @param device kind of device without which it does not go on
     */
    record Candidate(long id, String owner, int priority, long turn, Optional<String> device) {}

    /**
     * A run that has a process.
     *
     * @param since when it has
     * @param training since when it has the device; empty: it has none
     * @param isEnding whether it was told to end
     */
    record Running(Candidate run, Instant since, Optional<Instant> training, boolean isEnding) {

        boolean trainsOn(String device) {
            return training.isPresent() && run.device().equals(Optional.of(device));
        }
    }

    /**
     * What is to be done now.
     *
     * @param starts runs that get a process, and the device that they need
     * @param stops runs that give up their place
     * @param waits what the others wait for
     */
    record Decision(List<Long> starts, List<Long> stops, Map<Long, String> waits) {}

    /**
     * Decides what is to be done.
     *
     * @param ownersTurns the last turn of every owner who had one
     */
    Decision decide(List<Candidate> waiting, List<Running> running, Map<String, Long> ownersTurns, Instant now) {
        return new Round(running, now).decide(inOrder(waiting, running, ownersTurns));
    }

    /** Whether a run that has a process and asks for a device may have it at once. */
    boolean grants(Candidate asks, List<Candidate> waiting, List<Running> running, Map<String, Long> ownersTurns) {
        String device = asks.device().orElseThrow();
        List<Candidate> all = new ArrayList<>(waiting.stream().filter(other -> other.device().equals(asks.device())).toList());
        all.add(asks);
        List<Running> others = running.stream().filter(one -> one.run().id() != asks.id()).toList();
        long free = trainings - others.stream().filter(one -> one.trainsOn(device)).count();
        return inOrder(all, others, ownersTurns).indexOf(asks) < free;
    }

    /** Whose owner has more than others under way, or in front of it, comes later. */
    private static List<Candidate> inOrder(List<Candidate> waiting, List<Running> running, Map<String, Long> ownersTurns) {
        Map<String, Integer> served = new HashMap<>();
        running.forEach(one -> served.merge(one.run().owner(), 1, Integer::sum));
        List<Candidate> left = new ArrayList<>(waiting);
        List<Candidate> inOrder = new ArrayList<>();
        while (!left.isEmpty()) {
            Candidate next = left.stream().min(Comparator.comparingInt((Candidate run) -> -run.priority())
                .thenComparingInt(run -> served.getOrDefault(run.owner(), 0))
                .thenComparingLong(run -> ownersTurns.getOrDefault(run.owner(), 0L))
                .thenComparingLong(Candidate::turn).thenComparingLong(Candidate::id)).orElseThrow();
            served.merge(next.owner(), 1, Integer::sum);
            left.remove(next);
            inOrder.add(next);
        }
        return inOrder;
    }

    /** What is left of the places while they are given away. */
    private final class Round {

        private final List<Running> running;
        private final Instant now;
        private final Map<String, Integer> training = new HashMap<>();
        private final Set<Long> promised = new HashSet<>();
        private final List<Long> starts = new ArrayList<>();
        private final List<Long> stops = new ArrayList<>();
        private final Map<Long, String> waits = new LinkedHashMap<>();

        Round(List<Running> running, Instant now) {
            this.running = running;
            this.now = now;
            running.stream().filter(one -> one.training().isPresent())
                .forEach(one -> training.merge(one.run().device().orElseThrow(), 1, Integer::sum));
        }

        Decision decide(List<Candidate> inOrder) {
            for (Candidate next : inOrder) {
                Optional<String> taken = next.device().filter(device -> training.getOrDefault(device, 0) >= trainings);
                if (taken.isPresent()) {
                    waits.put(next.id(), "waits for its turn to train on " + taken.get() + trainers(taken.get()));
                    makeRoom(next, one -> one.trainsOn(taken.get()));
                } else if (running.size() + starts.size() >= processes) {
                    waits.put(next.id(), "waits for its turn: " + running.size() + " other runs are under way");
                    makeRoom(next, one -> true);
                } else {
                    starts.add(next.id());
                    next.device().ifPresent(device -> training.merge(device, 1, Integer::sum));
                }
            }
            return new Decision(starts, stops, waits);
        }

        private String trainers(String device) {
            return running.stream().filter(one -> one.trainsOn(device)).findFirst().map(one -> ", where run " + one.run().id() + " trains")
                .orElse("");
        }

        /** Has somebody end who has such a place; who ends already does so for one only. */
        private void makeRoom(Candidate next, Predicate<Running> hasPlace) {
            Optional<Running> gives = running.stream().filter(hasPlace).filter(one -> !promised.contains(one.run().id()))
                .filter(one -> one.isEnding() || mayBeStopped(one, next))
                .min(Comparator.comparing((Running one) -> !one.isEnding()).thenComparingInt(one -> one.run().priority())
                    .thenComparing(this::placeSince));
            gives.ifPresent(one -> {
                promised.add(one.run().id());
                if (!one.isEnding()) {
                    stops.add(one.run().id());
                }
            });
        }

        private boolean mayBeStopped(Running one, Candidate next) {
            int priority = one.run().priority();
            return priority < next.priority()
                || priority == next.priority() && Duration.between(placeSince(one), now).compareTo(time) >= 0;
        }

        private Instant placeSince(Running one) {
            return one.training().orElse(one.since());
        }
    }
}
