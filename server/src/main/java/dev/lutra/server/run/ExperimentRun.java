package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.latency.LookupTable;
import dev.lutra.search.Front;
import dev.lutra.server.experiment.Experiment;
import java.io.IOException;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One run of an experiment in its folder. Stages may be called in any later process: each finds what earlier ones left, and
 * does only what is missing.
 */
public final class ExperimentRun implements AutoCloseable {

    private final FileLock lock;
    private final RunContext context;
    private List<Winner> winners = List.of();

    private ExperimentRun(FileLock lock, RunContext context) {
        this.lock = lock;
        this.context = context;
    }

    /**
     * Opens a run, making its folder if need be.
     *
     * @param version of Lutra, for provenance
     * @throws InputException if another process works in the folder, or the space does not exist
     */
    public static ExperimentRun open(Experiment experiment, RunFolder folder, FleetAccess access, Progress progress,
        String version) {
        experiment.baseSpace();
        FileLock lock = folder.lock();
        return new ExperimentRun(lock, new RunContext(experiment, folder, access, progress, version));
    }

    /** Every stage; of an experiment with an accuracy table, those that need no weights. */
    public void all() {
        inOrder(stages());
    }

    /**
     * Every stage of an experiment with a supernet, and the test of its winners.
     *
     * @return accuracies on test images by architecture
     */
    public Map<String, Double> allAndTest() {
        Map<String, Double> tested = new LinkedHashMap<>();
        Map<String, Runnable> stages = stages();
        stages.put("test", () -> tested.putAll(test()));
        inOrder(stages);
        return tested;
    }

    private Map<String, Runnable> stages() {
        Map<String, Runnable> stages = new LinkedHashMap<>();
        stages.put("train", this::train);
        stages.put("profile", this::profile);
        stages.put("search", this::search);
        if (context.experiment().accuracyTable().isEmpty()) {
            stages.put("export", this::export);
            stages.put("verify", this::verify);
        }
        return stages;
    }

    private void inOrder(Map<String, Runnable> stages) {
        int number = 0;
        for (Map.Entry<String, Runnable> stage : stages.entrySet()) {
            context.progress().stage(++number, stages.size(), stage.getKey());
            stage.getValue().run();
        }
    }

    /** See {@link TrainStage}. */
    public void train() {
        run(new TrainStage());
    }

    /** See {@link ProfileStage}. */
    public Map<String, LookupTable> profile() {
        return run(new ProfileStage());
    }

    /** See {@link SearchStage}. */
    public Front search() {
        return run(new SearchStage());
    }

    /** See {@link ExportStage}. */
    public List<Path> export() {
        return run(new ExportStage());
    }

    /** See {@link VerifyStage}. */
    public void verify() {
        winners = run(new VerifyStage());
    }

    /** See {@link RetrainStage}. */
    public Map<Path, Double> retrain() {
        return run(new RetrainStage());
    }

    /** See {@link TestStage}. */
    public Map<String, Double> test() {
        return run(new TestStage());
    }

    private <R> R run(Stage<R> stage) {
        EnumSet<Artifact> needs = EnumSet.noneOf(Artifact.class);
        needs.addAll(stage.needs(context.experiment()));
        needs.forEach(artifact -> artifact.require(context));
        return stage.run(context);
    }

    /** What {@link #verify} found, the most accurate first. */
    public List<Winner> winners() {
        return List.copyOf(winners);
    }

    /** Whether as many files were verified as the experiment asks for, and its front has. */
    public boolean isVerified() {
        return winners.stream().filter(Winner::isVerified).count() >= context.winnersWanted();
    }

    public RunFolder folder() {
        return context.folder();
    }

    @Override
    public void close() {
        context.close();
        try {
            lock.release();
            lock.acquiredBy().close();
        } catch (IOException e) {
            context.progress().say(folder().root() + ": its lock cannot be released: " + e.getMessage());
        }
    }
}
