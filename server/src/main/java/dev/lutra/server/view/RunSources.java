package dev.lutra.server.view;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.latency.LatencyModel;
import dev.lutra.search.Front;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.folder.StoredExperiment;
import dev.lutra.server.profile.Profiler;
import dev.lutra.space.GeneSpace;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.training.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What a run is made of besides what it tells, each kept for as long as the files that it comes from are the same: of a run that is looked at
 * again and again neither images are listed nor tables fitted each time. Not for several threads at once.
 */
final class RunSources {

    private final RunFolder folder;
    private final Map<String, Kept<?>> kept = new HashMap<>();

    RunSources(RunFolder folder) {
        this.folder = folder;
    }

    /** @param key null where the file system has none, or there is no file */
    private record FileState(Path file, Object key, FileTime changed, long bytes) {

        static FileState of(Path file) {
            try {
                BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
                return new FileState(file, now.fileKey(), now.lastModifiedTime(), now.size());
            } catch (IOException e) {
                return new FileState(file, null, null, 0);
            }
        }
    }

    /** @param from what it follows from */
    private record Kept<T>(Object from, T value) {}

    @SuppressWarnings("unchecked") // what is kept under a name is of one kind
    private <T> T keep(String name, Object from, Supplier<T> source) {
        Kept<?> found = kept.get(name);
        if (found == null || !found.from.equals(from)) {
            found = new Kept<>(from, source.get());
            kept.put(name, found);
        }
        return (T) found.value;
    }

    RunFolder folder() {
        return folder;
    }

    /** @throws InputException if the folder is no run's */
    Experiment experiment() {
        return keep("experiment", FileState.of(folder.experiment()), () -> StoredExperiment.read(folder));
    }

    /** With the data's number of classes; where the data is not to be seen from here, with the space's own, and looked for again the next time. */
    Optional<SearchSpace> networks() {
        Experiment experiment = experiment();
        if (!experiment.hasNetworks()) {
            return Optional.empty();
        }
        try {
            return Optional.of(keep("networks", experiment, experiment::trainedSpace));
        } catch (InputException e) {
            return Optional.of(experiment.baseSpace());
        }
    }

    /** One that was found with other objectives than the experiment has by now is of another search. */
    Optional<Front> front(GeneSpace space) {
        Experiment experiment = experiment();
        return keep("front", List.of(experiment, space, FileState.of(folder.front())), () -> Files.exists(folder.front())
            ? Optional.of(Front.readJson(folder.front(), space)).filter(front -> front.objectives().equals(experiment.objectives()))
            : Optional.empty());
    }

    /** By device, what its table predicts, as far as tables are there. */
    Map<String, LatencyModel> models() {
        Experiment experiment = experiment();
        Map<String, LatencyModel> models = new LinkedHashMap<>();
        for (Experiment.Target target : experiment.targets()) {
            List<FileState> files = experiment.table(target).map(file -> List.of(FileState.of(file))).orElseGet(this::tables);
            keep("table " + target.device(), List.of(experiment, files),
                () -> Profiler.find(experiment, folder.tables(), target).map(LatencyModel::new))
                .ifPresent(model -> models.put(target.device(), model));
        }
        return models;
    }

    private List<FileState> tables() {
        if (!Files.isDirectory(folder.tables())) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder.tables())) {
            return files.sorted().map(FileState::of).toList();
        } catch (IOException e) {
            throw InputFile.unreadable(folder.tables(), e);
        }
    }

    /** Losses by step of a supernet that is taken over, as its file has them; empty where none is. */
    Optional<SortedMap<Long, Double>> takenLosses() {
        return taken(experiment()).map(file -> keep("losses", FileState.of(file), () -> losses(file)));
    }

    /** The file of the supernet that an experiment takes over. */
    static Optional<Path> taken(Experiment experiment) {
        return experiment.supernetFrom().map(from -> Files.isDirectory(from) ? new RunFolder(from).checkpoint() : from).filter(Files::exists);
    }

    static SortedMap<Long, Double> losses(Path checkpoint) {
        SortedMap<Long, Double> losses = new TreeMap<>();
        Checkpoint.read(checkpoint).curve().forEach(point -> losses.put(point.step(), point.loss()));
        return losses;
    }
}
