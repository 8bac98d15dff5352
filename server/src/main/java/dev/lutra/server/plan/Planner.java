package dev.lutra.server.plan;

import com.sun.management.OperatingSystemMXBean;
import dev.lutra.InputException;
import dev.lutra.data.ImageSurvey;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.server.event.RunEvents;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.plan.Plan.DiskUse;
import dev.lutra.server.plan.Plan.MemoryUse;
import dev.lutra.server.plan.Plan.StageTime;
import dev.lutra.server.profile.Profiler;
import dev.lutra.server.retrain.Sibling;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.training.TrainingSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Reckons what an experiment takes from a few timed steps, decoded images and measured segments. Nothing of it is kept, and nothing that a run
 * has done already is taken off.
 */
public final class Planner {

    private static final int DECODED = 16;
    private static final int SEGMENTS = 3;
    private static final int TIMED = 2;
    private static final Patience FOR_A_DEVICE = new Patience(Duration.ofSeconds(60));
    /** A weight and its momentum. */
    private static final int BYTES_OF_LEARNED = 2 * Float.BYTES;

    private final Experiment experiment;
    private final SearchSpace space;
    private final Profiler profiler;
    private final Predicate<String> isThere;
    private final RunEvents events;
    private final List<StageTime> stages = new ArrayList<>();
    private final List<DiskUse> disk = new ArrayList<>();
    private final List<String> lacks = new ArrayList<>();
    private final Devices devices;
    private OptionalLong memory = OptionalLong.empty();

    /**
     * @param isThere whether a device, by its name, can be measured on now
     */
    public Planner(Experiment experiment, SearchSpace space, Profiler profiler, Predicate<String> isThere, RunEvents events) {
        this.experiment = experiment;
        this.space = space;
        this.profiler = profiler;
        this.isThere = isThere;
        this.events = events;
        this.devices = devices();
    }

    /** Those that are asked for, or what is used in their place to time anything at all. */
    private Devices devices() {
        try {
            return Devices.of(experiment.device());
        } catch (InputException missing) {
            lacks.add(missing.getMessage() + "; times are those of what is here");
            return Devices.of(Devices.Wanted.ANY);
        }
    }

    /**
     * @param cache where decoded images are kept
     * @param runs where the run's folder will be
     * @param scratch a folder to use meanwhile
     */
    public Plan plan(Path cache, Path runs, Path scratch) {
        ImageSurvey survey = null;
        if (experiment.data().isPresent()) {
            survey = ImageSurvey.of(experiment.dataSpec(space));
            decode(survey, cache);
        }
        double perCandidate = 0;
        if (experiment.hasSupernet()) {
            perCandidate = train(survey, runs, scratch);
            rank(survey, runs);
        }
        experiment.targets().forEach(this::profile);
        int budget = experiment.superkernel().isPresent() ? 1 : experiment.search().algorithm().budget(); // decoded, not searched
        stages.add(new StageTime("search", budget * perCandidate, budget + " architectures" + (experiment.hasSupernet()
            ? String.format(Locale.ROOT, ", %.2f s each", perCandidate)
            : ", whose accuracies are known")));
        if (survey != null) {
            retrain(survey, runs);
        }
        long total = ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize();
        memory.ifPresent(bytes -> {
            if (bytes > total) {
                lacks.add(String.format(Locale.ROOT, "memory: about %.1f GB to train, %.1f GB here (a smaller batch takes less)", bytes / 1e9,
                    total / 1e9));
            }
        });
        disk.stream().filter(use -> use.bytes() > use.free()).forEach(use -> lacks.add(String.format(Locale.ROOT,
            "disk: %.1f GB of %s, %.1f GB free in %s", use.bytes() / 1e9, use.what(), use.free() / 1e9, use.place())));
        return new Plan(List.copyOf(stages), List.copyOf(disk), new MemoryUse(memory, total), List.copyOf(lacks));
    }

    private void decode(ImageSurvey survey, Path cache) {
        events.say("plan: decoding " + DECODED + " images");
        survey.decode(1); // the decoder's own beginning is not what is asked for
        long begin = System.nanoTime();
        List<Long> bytes = survey.decode(DECODED);
        double each = (System.nanoTime() - begin) / 1e9 / DECODED / Runtime.getRuntime().availableProcessors();
        stages.add(new StageTime("decode", each * survey.images(), String.format(Locale.ROOT,
            "%d images, %.0f a second by %d of them; nothing where they are decoded already", survey.images(), 1 / each, DECODED)));
        double mean = bytes.stream().mapToLong(Long::longValue).average().orElseThrow();
        disk.add(new DiskUse("decoded images", Math.round(mean * survey.images()), cache, free(cache)));
    }

    /** @return seconds that a candidate takes afterwards */
    private double train(ImageSurvey survey, Path runs, Path scratch) {
        events.say("plan: timing training steps and evaluations");
        try (TrainingTrial trial = new TrainingTrial(space, experiment.training(), devices)) {
            memory = trial.memory();
            if (experiment.supernetFrom().isEmpty()) {
                double seconds = trial.seconds(survey.toTrain());
                stages.add(stage("train", seconds, experiment.training(), survey, trial.described()));
                // while it is written anew the old one is still there
                disk.add(new DiskUse("checkpoints of the supernet", 2 * BYTES_OF_LEARNED * parameters(space), runs, free(runs)));
            }
            return trial.secondsPerCandidate(experiment.evaluation(), survey.toValidate(), scratch);
        }
    }

    private static StageTime stage(String name, double seconds, TrainingSettings settings, ImageSurvey survey, String from) {
        return new StageTime(name, seconds, String.format(Locale.ROOT, "%d epochs of %d images, %.1f images a second by %s", settings.epochs(),
            survey.toTrain(), (double) settings.epochs() * survey.toTrain() / seconds, from));
    }

    /** Learned values of a space. */
    private static long parameters(SearchSpace of) {
        return of.everyOption().stream().flatMap(network -> network.ops().stream()).map(Op::weights).flatMap(List::stream)
            .map(Weight::tensor).filter(tensor -> tensor.role().isParameter()).collect(Collectors.toSet()).stream()
            .mapToLong(SharedTensor::elements).sum();
    }

    private void profile(Experiment.Target target) {
        String stage = "profile " + target.device();
        int models = profiler.modelsToMeasure(target);
        if (models == 0) {
            stages.add(new StageTime(stage, 0, "its table has all that is asked for"));
        } else if (experiment.profile().budget().isPresent()) {
            stages.add(new StageTime(stage, experiment.profile().budget().get().toMillis() / 1e3, "profile.budget, for " + models + " models"));
        } else if (isThere.test(target.device())) {
            events.say("plan: measuring " + SEGMENTS + " segments on " + target.device());
            Optional<Duration> round = FOR_A_DEVICE.waitFor(() -> profiler.timeOfRound(target, SEGMENTS));
            stages.add(rounds(stage, models, round.orElseGet(profiler::leastRound), round.isPresent()
                ? "by " + SEGMENTS + " of them"
                : "at least, as it has not measured " + SEGMENTS + " in " + FOR_A_DEVICE.time().toSeconds() + " s"));
        } else {
            stages.add(rounds(stage, models, profiler.leastRound(), "at least, as nobody is there to be measured"));
            lacks.add("device " + target.device() + ": not there (its agent joins a server that --server names, or the run itself)");
        }
    }

    /** Every model for as many rounds as the experiment wants at least; where a device is not calm there are more. */
    private StageTime rounds(String stage, int models, Duration round, String from) {
        Experiment.Profile profile = experiment.profile();
        double seconds = round.toNanos() / 1e9;
        return new StageTime(stage, models * profile.rounds() * seconds, String.format(Locale.ROOT,
            "%d models, %d rounds of %.2f s %s; at most %.0f s of samples each where the device is not calm", models, profile.rounds(), seconds, from,
            profile.timeLimit().toMillis() / 1e3));
    }

    /** Networks that the supernet's order is held against. */
    private void rank(ImageSurvey survey, Path runs) {
        if (experiment.rank().map(Experiment.Rank::truth).orElse(null) instanceof Experiment.Truth.Trained wanted) {
            alone("rank", wanted.networks(), space, survey, runs);
        }
    }

    /** The winners, which may be built larger than they were searched. */
    private void retrain(ImageSurvey survey, Path runs) {
        alone("retrain", experiment.export().top(), experiment.retraining().space().map(name -> new Sibling(name).besides(space)).orElse(space),
            survey,
            runs);
    }

    private void alone(String stage, int count, SearchSpace of, ImageSurvey survey, Path runs) {
        events.say("plan: timing steps of networks by themselves");
        TrainingSettings settings = experiment.retraining().training();
        SplittableRandom random = new SplittableRandom(experiment.training().seed());
        double seconds = 0;
        String from = "";
        for (int i = 0; i < TIMED; i++) {
            try (TrainingTrial trial = new TrainingTrial(of, settings.alone(Options.all(of).draw(random)), devices)) {
                if (!of.equals(space)) {
                    trial.memory().ifPresent(bytes -> memory = OptionalLong.of(Math.max(bytes, memory.orElse(0))));
                }
                seconds += trial.seconds(survey.toTrain()) / TIMED;
                from = trial.described();
            }
        }
        StageTime one = stage(stage, seconds, settings, survey, from + " of " + TIMED + " random networks each");
        stages.add(new StageTime(stage, count * seconds, count + " networks, " + one.from()));
        disk.add(new DiskUse("checkpoints of networks by themselves (" + stage + "), at most", count * BYTES_OF_LEARNED * parameters(of), runs,
            free(runs)));
    }

    /** Bytes that are free where a folder is or will be. */
    private static long free(Path folder) {
        Path there = folder.toAbsolutePath();
        while (!Files.exists(there)) {
            there = there.getParent();
        }
        try {
            return Files.getFileStore(there).getUsableSpace();
        } catch (IOException e) {
            throw new UncheckedIOException(there + ": " + FileTrouble.reason(e), e);
        }
    }
}
