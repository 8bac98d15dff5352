package dev.lutra.server.view;

import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.search.Front;
import dev.lutra.search.Measures;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunHistory;
import dev.lutra.server.event.RunProgress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.winner.Winner;
import dev.lutra.server.winner.WinnerFile;
import dev.lutra.space.GeneSpace;
import dev.lutra.space.SearchSpace;
import java.nio.file.Files;
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
 * @param models what tables predict, by device, as far as they are there
 * @param losses of the supernet's training by step
 * @param images that accuracies are shares of; empty where they are no such shares, or it is not known
 * @param progress what is under way; empty where nothing is
 */
public record RunFacts(Experiment experiment, GeneSpace space, Optional<SearchSpace> networks, RunFolder folder, RunHistory history,
    Optional<Front> front, CandidateColumns candidates, CandidateColumns course, List<Winner> winners,
    Optional<RunEvent.NetworksRanked> ranked, List<RunEvent.NetworkTested> tested, Map<String, LatencyModel> models,
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
            CandidateColumns.told(history.all(RunEvent.CandidateEvaluated.class)), known.winners, known.ranked, known.tested, models(known.tables),
            losses(RunSources.taken(experiment).map(RunSources::losses), history), known.images, Optional.empty());
    }

    private static Map<String, LatencyModel> models(Map<String, LookupTable> tables) {
        Map<String, LatencyModel> models = new LinkedHashMap<>();
        tables.forEach((device, table) -> models.put(device, new LatencyModel(table)));
        return models;
    }

    /**
     * Of a folder, whether or not a process works in it.
     *
     * @param course candidates as they were told
     */
    static RunFacts read(RunSources sources, RunHistory history, CandidateColumns course) {
        Experiment experiment = sources.experiment();
        RunFolder folder = sources.folder();
        Optional<SearchSpace> networks = sources.networks();
        GeneSpace space = networks.<GeneSpace>map(one -> one).orElseGet(experiment::genes);
        Optional<Front> front = sources.front(space);
        List<RunEvent.NetworksRanked> ranked = history.all(RunEvent.NetworksRanked.class);
        return new RunFacts(experiment, space, networks, folder, history, front, course, course,
            front.map(found -> winners(folder, found, history)).orElse(List.of()),
            experiment.rank().isEmpty() || ranked.isEmpty() ? Optional.empty() : Optional.of(ranked.get(ranked.size() - 1)),
            history.all(RunEvent.NetworkTested.class), sources.models(), losses(sources.takenLosses(), history), images(history),
            RunProgress.read(folder.progress()));
    }

    private static OptionalLong images(RunHistory history) {
        return history.all(RunEvent.AccuracyCounted.class).stream().mapToLong(RunEvent.AccuracyCounted::images).findFirst();
    }

    /** By device, as far as they are there. */
    public Map<String, LookupTable> tables() {
        Map<String, LookupTable> tables = new LinkedHashMap<>();
        models.forEach((device, model) -> tables.put(device, model.table()));
        return tables;
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
    private static SortedMap<Long, Double> losses(Optional<SortedMap<Long, Double>> taken, RunHistory history) {
        SortedMap<Long, Double> losses = new TreeMap<>();
        history.curve(TrainingView.SUPERNET).forEach(step -> losses.put(step.step(), step.loss()));
        return taken.orElse(losses);
    }
}
