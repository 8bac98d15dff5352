package dev.lutra.server.view;

import dev.lutra.InputException;
import dev.lutra.latency.LookupTable;
import dev.lutra.search.Front;
import dev.lutra.search.Measures;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunHistory;
import dev.lutra.server.event.RunProgress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.profile.Profiler;
import dev.lutra.server.winner.Winner;
import dev.lutra.server.winner.WinnerFile;
import dev.lutra.space.GeneSpace;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.training.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * All that is known of a run and shown of it. A run that is over knows which of it holds for its present weights and images; who reads a
 * folder takes what it has told last.
 *
 * @param space what architectures are made of
 * @param networks the space again, where it has networks
 * @param front empty before a search has found one
 * @param candidates that were evaluated, by today's tables
 * @param course the same as the search has told them, one after the other
 * @param winners that were exported
 * @param ranked networks by the supernet's order and by themselves
 * @param tested networks on test images
 * @param tables by device, as far as they are there
 * @param losses of the supernet's training by step
 * @param images that accuracies are shares of; empty where they are no such shares, or it is not known
 * @param progress what is under way; empty where nothing is
 */
public record RunFacts(Experiment experiment, GeneSpace space, Optional<SearchSpace> networks, RunFolder folder, RunHistory history,
    Optional<Front> front, CandidateColumns candidates, CandidateColumns course, List<Winner> winners,
    Optional<RunEvent.NetworksRanked> ranked, List<RunEvent.NetworkTested> tested, Map<String, LookupTable> tables,
    SortedMap<Long, Double> losses, OptionalLong images, Optional<RunProgress> progress) {

    /** What a run that is over knows itself, besides what its folder tells. */
    public record Known(Front front, Map<String, Measures> evaluated, List<Winner> winners, Optional<RunEvent.NetworksRanked> ranked,
        List<RunEvent.NetworkTested> tested, Map<String, LookupTable> tables, OptionalLong images) {}

    /**
     * Of a run that is over.
     *
     * @param networks the space where it has any
     */
    public static RunFacts of(Experiment experiment, GeneSpace space, Optional<SearchSpace> networks, RunFolder folder, RunHistory history,
        Known known) {
        return new RunFacts(experiment, space, networks, folder, history, Optional.of(known.front), CandidateColumns.of(known.evaluated),
            CandidateColumns.told(history.all(RunEvent.CandidateEvaluated.class)), known.winners, known.ranked, known.tested, known.tables,
            losses(experiment, history), known.images, Optional.empty());
    }

    /**
     * Of a folder, whether or not a process works in it.
     *
     * @param course candidates as they were told
     */
    static RunFacts read(RunFolder folder, Experiment experiment, RunHistory history, CandidateColumns course) {
        Optional<SearchSpace> networks = experiment.hasNetworks() ? Optional.of(networks(experiment)) : Optional.empty();
        GeneSpace space = networks.<GeneSpace>map(one -> one).orElseGet(experiment::genes);
        Optional<Front> front = front(folder, experiment, space);
        List<RunEvent.NetworksRanked> ranked = history.all(RunEvent.NetworksRanked.class);
        Map<String, LookupTable> tables = new LinkedHashMap<>();
        experiment.targets().forEach(target -> Profiler.find(experiment, folder.tables(), target)
            .ifPresent(table -> tables.put(target.device(), table)));
        return new RunFacts(experiment, space, networks, folder, history, front, course, course,
            front.map(found -> winners(folder, found, history)).orElse(List.of()),
            experiment.rank().isEmpty() || ranked.isEmpty() ? Optional.empty() : Optional.of(ranked.get(ranked.size() - 1)),
            history.all(RunEvent.NetworkTested.class), tables, losses(experiment, history), OptionalLong.empty(),
            RunProgress.read(folder.progress()));
    }

    /** With the data's number of classes; where the data is not to be seen from here, with the space's own. */
    private static SearchSpace networks(Experiment experiment) {
        try {
            return experiment.trainedSpace();
        } catch (InputException e) {
            return experiment.baseSpace();
        }
    }

    /** One that was found with other objectives than the experiment has by now is of another search. */
    private static Optional<Front> front(RunFolder folder, Experiment experiment, GeneSpace space) {
        return Files.exists(folder.front())
            ? Optional.of(Front.readJson(folder.front(), space)).filter(front -> front.objectives().equals(experiment.objectives()))
            : Optional.empty();
    }

    /** The networks of a front that were exported, with what devices said of them. */
    public static List<Winner> winners(RunFolder folder, Front front, RunHistory history) {
        Map<String, Measures> known = new LinkedHashMap<>();
        front.candidates().forEach(candidate -> known.put(candidate.architecture().toString(), candidate.measures()));
        if (Files.exists(folder.verification())) {
            return WinnerFile.winners(folder.verification()).stream()
                .filter(winner -> Measures.of(winner.measures()).equals(known.get(winner.architecture()))).toList();
        }
        return history.all(RunEvent.FileExported.class).stream().filter(file -> known.containsKey(file.architecture()))
            .map(file -> new Winner(file.architecture(), file.file(), known.get(file.architecture()).values(), List.of())).toList();
    }

    /** As the run has told it; of a supernet that is taken over, as its file does. */
    private static SortedMap<Long, Double> losses(Experiment experiment, RunHistory history) {
        SortedMap<Long, Double> losses = new TreeMap<>();
        Optional<Path> taken = experiment.supernetFrom()
            .map(from -> Files.isDirectory(from) ? new RunFolder(from).checkpoint() : from).filter(Files::exists);
        if (taken.isPresent()) {
            Checkpoint.read(taken.get()).curve().forEach(point -> losses.put(point.step(), point.loss()));
        } else {
            history.curve(TrainingView.SUPERNET).forEach(step -> losses.put(step.step(), step.loss()));
        }
        return losses;
    }
}
