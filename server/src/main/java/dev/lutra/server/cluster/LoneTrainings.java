package dev.lutra.server.cluster;

import dev.lutra.proto.border.FileTrouble;
import dev.lutra.server.event.EventLines;
import dev.lutra.server.event.Progress;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunEvents;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Trainings of networks by themselves on a cluster, told as if they were here.
 *
 * @param events where what happens there is told
 * @param epochs of each
 */
public record LoneTrainings(Cluster cluster, RunEvents events, int epochs) {

    /**
     * Trains networks to their end.
     *
     * @param supernet its file, where there is one
     * @param what the work is called on a console
     */
    public void train(Assignment assignment, Optional<Path> supernet, List<LoneAssignment> networks, String what) {
        Map<LoneAssignment, EventLines> told = new LinkedHashMap<>();
        networks.forEach(network -> {
            delete(network.told()); // of an earlier life, which has told it
            told.put(network, new EventLines(network.told()));
        });
        Map<LoneAssignment, Integer> done = new LinkedHashMap<>();
        try (Progress.Work work = events.begin(what + ": train " + networks.size() + " networks on the cluster", (long) networks.size() * epochs,
            "epochs")) {
            Runnable listen = () -> told.forEach((network, file) -> {
                List<RunEvent> heard = file.next().events();
                heard.forEach(events::emit);
                heard.stream().filter(RunEvent.EpochSaved.class::isInstance).map(RunEvent.EpochSaved.class::cast)
                    .forEach(saved -> done.put(network, saved.epoch()));
                if (!heard.isEmpty()) {
                    work.at(done.values().stream().mapToInt(Integer::intValue).sum(),
                        done.values().stream().filter(epoch -> epoch == epochs).count() + " of " + networks.size() + " networks done");
                }
            });
            cluster.train(assignment, supernet, networks, listen);
            listen.run();
        }
        networks.forEach(network -> {
            delete(network.told());
            delete(TrainingLock.file(Path.of(network.weights())));
        });
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be deleted: " + FileTrouble.reason(file, e), e);
        }
    }
}
