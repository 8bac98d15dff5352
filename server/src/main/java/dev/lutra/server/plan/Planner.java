package dev.lutra.server.plan;

import com.sun.management.OperatingSystemMXBean;
import dev.lutra.InputException;
import dev.lutra.cost.CountingRule;
import dev.lutra.cost.Extremes;
import dev.lutra.data.ImageSurvey;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Op;
import dev.lutra.network.RandomWeights;
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
import dev.lutra.server.retrain.WantedTeacher;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.Teacher;
import dev.lutra.supernet.evaluation.Subnet;
import dev.lutra.supernet.evaluation.SubnetTeacher;
import dev.lutra.supernet.training.Teaching;
import dev.lutra.supernet.training.TrainingSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
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
    private static final int TIMED = 2;

    private final Experiment experiment;
    private final SearchSpace space;
    private final Profiler profiler;
    private final DeviceRounds rounds;
    private final RunEvents events;
    private final List<StageTime> stages = new ArrayList<>();
    private final List<DiskUse> disk = new ArrayList<>();
    private final List<String> lacks = new ArrayList<>();
    private final Devices devices;
    private OptionalLong memory = OptionalLong.empty();
    /** Of the supernet's training. */
    private Optional<TrainingTrial.Memory> shared = Optional.empty();
    /** Seconds that an image takes a network with the shared weights. */
    private double anImage;
    /** One of the space's networks as files. */
    private ExportTrial exported;

    /**
     * What networks trained by themselves take.
     *
     * @param training seconds of one, with a teacher and its batch norm
     * @param anImage seconds that an image takes one of them
     * @param written one of them as files
     * @param from what this was reckoned from, in words
     */
    private record Alone(double training, double anImage, ExportTrial written, String from) {}

    /**
     * @param isThere whether a device, by its name, can be measured on now
     */
    public Planner(Experiment experiment, SearchSpace space, Profiler profiler, Predicate<String> isThere, RunEvents events) {
        this.experiment = experiment;
        this.space = space;
        this.profiler = profiler;
        this.events = events;
        rounds = new DeviceRounds(profiler, isThere, events, lacks::add);
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
            rank(survey, runs, scratch, perCandidate);
        }
        experiment.targets().forEach(this::profile);
        int budget = experiment.superkernel().isPresent() ? 1 : experiment.search().algorithm().budget(); // decoded, not searched
        stages.add(new StageTime("search", budget * perCandidate, budget + " architectures" + (experiment.hasSupernet()
            ? ", " + each(perCandidate)
            : ", whose accuracies are known")));
        if (experiment.hasSupernet()) {
            export(survey);
            verify(survey);
        }
        if (survey != null) {
            retrain(survey, runs, scratch);
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
        try (TrainingTrial trial = new TrainingTrial(space, experiment.training(), Teaching.NONE, devices)) {
            shared = trial.memory();
            if (experiment.supernetFrom().isEmpty()) {
                shared.ifPresent(held -> hold(held.of(experiment.training().batch())));
                double seconds = trial.seconds(survey.toTrain());
                stages.add(stage("train", seconds, experiment.training(), survey, trial.described() + without()));
                // while it is written anew the old one is still there
                disk.add(new DiskUse("checkpoints of the supernet", Math.round(2 * trial.bytesOfLearned() * parameters(space)), runs, free(runs)));
            }
            anImage = trial.secondsPerImage(experiment.evaluation(), scratch);
            exported = ExportTrial.of(space.build(drawn(space, 0)), experiment.precisions(), trial.images(), scratch);
            return trial.secondsPerCandidate(experiment.evaluation(), survey.toValidate(), scratch);
        }
    }

    private void hold(long bytes) {
        memory = OptionalLong.of(Math.max(bytes, memory.orElse(0)));
    }

    /** What the supernet's training does besides its steps, which is not timed. */
    private String without() {
        List<String> without = new ArrayList<>();
        if (experiment.probes() > 0) {
            without.add("probes");
        }
        if (experiment.training().curriculum().asksForAccuracy()) {
            without.add("what shrinking judges");
        }
        if (experiment.superkernel().isPresent()) {
            without.add("decisions of its superkernels");
        }
        return without.isEmpty() ? "" : ", without " + String.join(", without ", without);
    }

    private StageTime stage(String name, double seconds, TrainingSettings settings, ImageSurvey survey, String from) {
        if (settings.batch() > survey.toTrain()) {
            lacks.add(name + ": " + survey.toTrain() + " images to train on (expected: at least " + settings.batch() + ", a batch)");
            return new StageTime(name, 0, "not one batch of images is there");
        }
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
        } else {
            DeviceRounds.Round round = rounds.of(target);
            // where a device is not calm there are more
            stages.add(new StageTime(stage, models * experiment.profile().rounds() * round.seconds(), String.format(Locale.ROOT,
                "%d models, %s; at most %.0f s of samples each where the device is not calm", models, described(round),
                experiment.profile().timeLimit().toMillis() / 1e3)));
        }
    }

    private String described(DeviceRounds.Round round) {
        return String.format(Locale.ROOT, "%d rounds of %.2f s %s", experiment.profile().rounds(), round.seconds(), round.from());
    }

    /** How many networks leave the search. */
    private int winners() {
        return experiment.superkernel().isPresent() ? 1 : experiment.export().top();
    }

    /** Images that batch norm of a network that leaves is measured on. */
    private int recalibrating(ImageSurvey survey) {
        return Math.min(experiment.evaluation().recalibrationImages(), survey.toTrain());
    }

    /** The same where candidates are judged. */
    private int recalibratingCandidates(ImageSurvey survey) {
        return Math.min(experiment.evaluation().imagesToRecalibrate(), survey.toTrain());
    }

    private int judging(ImageSurvey survey) {
        return Math.min(experiment.evaluation().validationImages(), survey.toValidate());
    }

    /** Batch norm of every file is measured anew. */
    private void export(ImageSurvey survey) {
        int files = winners() * experiment.precisions().size();
        stages.add(new StageTime("export", files * recalibrating(survey) * anImage + winners() * exported.toWrite(),
            String.format(Locale.ROOT, "%d files, %d images to measure the batch norm of each", files, recalibrating(survey))));
    }

    private void verify(ImageSurvey survey) {
        if (!experiment.targets().isEmpty()) {
            stages.add(new StageTime("verify", winners() * (onDevices(true) + experiment.targets().size() * recalibrating(survey) * anImage),
                winners() + " networks on " + onEach()));
        }
    }

    /**
     * Seconds of the devices for one network.
     *
     * @param full whether those that compute in less time the file of float32 too
     */
    private double onDevices(boolean full) {
        return experiment.targets().stream().mapToDouble(target -> experiment.profile().rounds() * rounds.of(target).seconds()
            * (full && target.precision() != Precision.FLOAT32 ? 2 : 1)).sum();
    }

    private String onEach() {
        return experiment.targets().stream().map(target -> target.device() + ", " + described(rounds.of(target)))
            .collect(Collectors.joining(", and on "));
    }

    /** Networks that the supernet's order is held against, which it is asked for as well. */
    private void rank(ImageSurvey survey, Path runs, Path scratch, double perCandidate) {
        Experiment.Truth truth = experiment.rank().map(Experiment.Rank::truth).orElse(null);
        if (truth instanceof Experiment.Truth.Trained wanted) {
            Alone alone = alone("rank", wanted.networks(), space, survey, runs, scratch);
            double judged = (measuring(survey) + judging(survey)) * alone.anImage();
            stages.add(new StageTime("rank", wanted.networks() * (alone.training() + judged + perCandidate), alone.from()));
        } else if (truth instanceof Experiment.Truth.Tabulated table) {
            stages.add(new StageTime("rank", table.networks() * perCandidate, "at most " + table.networks() + " architectures, "
                + each(perCandidate)));
        }
    }

    private static String each(double seconds) {
        return String.format(Locale.ROOT, "%.2f s each", seconds);
    }

    /** The winners, which may be built larger than they were searched. */
    private void retrain(ImageSurvey survey, Path runs, Path scratch) {
        SearchSpace of = experiment.retraining().space().map(name -> new Sibling(name).besides(space)).orElse(space);
        Alone alone = alone("retrain", winners(), of, survey, runs, scratch);
        double before = experiment.hasSupernet() ? (recalibratingCandidates(survey) + judging(survey)) * anImage : 0;
        int measured = 1 + experiment.precisions().size() + experiment.targets().size(); // once judged, written and compared, each by itself
        double after = (measured * measuring(survey) + judging(survey)) * alone.anImage() + alone.written().toWrite() + onDevices(false);
        stages.add(new StageTime("retrain", winners() * (alone.training() + before + after), alone.from() + "; judged, written"
            + (experiment.targets().isEmpty() ? "" : ", verified on " + onEach())));
        if (survey.toTest() > 0) {
            double shared = experiment.hasSupernet() ? (recalibrating(survey) + survey.toTest()) * anImage : 0;
            stages.add(new StageTime("test", winners() * (shared + survey.toTest() * alone.written().anImage()),
                String.format(Locale.ROOT, "%d images, %d networks%s as retrained", survey.toTest(), winners(),
                    experiment.hasSupernet() ? " with shared weights and" : "")));
        }
    }

    /** Images that batch norm of a network by itself is measured on whenever it is used. */
    private int measuring(ImageSurvey survey) {
        return experiment.retraining().training().recipe().batchNormEpoch() ? 0 : recalibrating(survey);
    }

    private static Architecture drawn(SearchSpace of, int number) {
        return Options.all(of).draw(new SplittableRandom(number));
    }

    private Alone alone(String stage, int count, SearchSpace of, ImageSurvey survey, Path runs, Path scratch) {
        events.say("plan: timing steps of networks by themselves");
        TrainingSettings settings = experiment.retraining().training();
        double seconds = 0;
        double each = 0;
        double bytesOfLearned = 0;
        ExportTrial written = null;
        String from = "";
        Teaching teaching = teaching();
        try {
            for (int i = 0; i < TIMED; i++) {
                try (TrainingTrial trial = new TrainingTrial(of, settings.alone(drawn(of, i)), teaching, devices)) {
                    trial.memory().map(held -> of.equals(space) ? shared.map(held::atLeast).orElse(held) : held)
                        .ifPresent(held -> hold(held.of(settings.batch())));
                    seconds += (trial.seconds(survey.toTrain()) + trial.secondsOfBatchNorm(survey.toTrain())) / TIMED;
                    from = trial.described();
                    bytesOfLearned = trial.bytesOfLearned();
                    each += trial.secondsPerImage(experiment.evaluation(), scratch) / TIMED;
                    written = ExportTrial.of(of.build(drawn(of, i)), experiment.precisions(), trial.images(), scratch);
                }
            }
        } finally {
            teaching.teacher().ifPresent(Teacher::close);
        }
        // while one is written anew the old one is still there
        disk.add(new DiskUse("checkpoints of networks by themselves (" + stage + "), at most",
            Math.round((count + 1) * bytesOfLearned * parameters(of)), runs, free(runs)));
        StageTime one = stage(stage, seconds, settings, survey, from + " of " + TIMED + " random networks each");
        return new Alone(seconds, each, written, count + " networks, " + one.from() + (teaching.teacher().isPresent() ? ", with the teacher" : "")
            + (settings.recipe().batchNormEpoch() ? ", and an epoch for batch norm" : ""));
    }

    /** As the experiment has networks by themselves taught, with any weights in the place of the supernet's. */
    private Teaching teaching() {
        try {
            return experiment.retraining().distillation().map(WantedTeacher::new).map(teacher -> teacher.wanted().onnx()
                .map(file -> teacher.byFile(file, space))
                .orElseGet(() -> teacher.byNetwork("supernet", new SubnetTeacher(largest(), devices.first()))))
                .orElse(Teaching.NONE);
        } catch (InputException missing) {
            if (!lacks.contains(missing.getMessage())) {
                lacks.add(missing.getMessage());
            }
            return Teaching.NONE;
        }
    }

    private Subnet largest() {
        Architecture largest = Extremes.of(Options.all(space), CountingRule.MACS).largest().architecture();
        return new Subnet(largest, space.build(largest), new RandomWeights(1));
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
