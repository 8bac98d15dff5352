package dev.lutra.server.event;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.lutra.server.outcome.InIntegers;
import dev.lutra.server.outcome.RetrainedNetwork;
import dev.lutra.server.outcome.TestedNetwork;
import dev.lutra.supernet.evaluation.Hits;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Something that happened in a run. Latencies are in nanoseconds, accuracies from 0 to 1. */
public sealed interface RunEvent {

    /**
     * Names what happened within its run: an event replaces an earlier one of the same key, as when a stage is resumed and repeats a
     * step. Its parts stand between slashes, the stage first. Empty for what only matters while it happens.
     */
    @JsonIgnore
    Optional<String> key();

    /** What a console says of it beside its bars; empty for most. */
    @JsonIgnore
    default Optional<String> line() {
        return Optional.empty();
    }

    /**
     * A training begins with weights of an earlier one.
     *
     * @param training key of its events
     * @param from the file that has them
     * @param matched how many tensors they fill
     * @param unmatched tensors that begin from scratch, each with the reason
     */
    record WeightsMatched(@JsonProperty("training") String training, @JsonProperty("from") String from, @JsonProperty("matched") int matched,
        @JsonProperty("unmatched") List<String> unmatched) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of(training + "/weights");
        }

        private static final int NAMED = 6;

        @Override
        public Optional<String> line() {
            return Optional.of(training + ": " + matched + " tensors from " + from + (unmatched.isEmpty()
                ? ""
                : ", " + unmatched.size() + " from scratch: " + String.join(", ", unmatched.subList(0, Math.min(NAMED, unmatched.size())))
                    + (unmatched.size() > NAMED ? " and others (metrics.jsonl has all)" : "")));
        }
    }

    /** A stage began, or goes on in another life of the run. */
    record StageBegan(@JsonProperty("stage") String stage) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of(stage + "/began");
        }
    }

    /** A stage is done. */
    record StageEnded(@JsonProperty("stage") String stage) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of(stage + "/ended");
        }
    }

    /** A life of the run ended in the midst of a stage. */
    record StageCutOff(@JsonProperty("stage") String stage) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of(stage + "/cut-off");
        }
    }

    /**
     * A training took a step. As the store keeps it, one stands for all since the one before that is kept: loss and accuracy are means.
     *
     * @param training {@code train}, or {@code retrain/} and the training's fingerprint
     * @param epoch from 1
     * @param epochs in all
     * @param step from 1, over all epochs
     * @param steps in all
     * @param loss of the step
     * @param accuracy of the step's paths on its images
     */
    record TrainingStep(@JsonProperty("training") String training, @JsonProperty("epoch") int epoch,
        @JsonProperty("epochs") int epochs, @JsonProperty("step") long step, @JsonProperty("steps") long steps, @JsonProperty("loss") double loss,
        @JsonProperty("accuracy") double accuracy,
        @JsonProperty("learning-rate") double learningRate) implements RunEvent {

        private static final int KEPT_AN_EPOCH = 10;

        /** Whether it is one of the some ten an epoch that are kept. */
        @JsonIgnore
        public boolean isKept() {
            long ofEpoch = steps / epochs;
            return (step - (epoch - 1) * ofEpoch) % Math.max(1, ofEpoch / KEPT_AN_EPOCH) == 0;
        }

        @Override
        public Optional<String> key() {
            return Optional.of(training + "/epoch/" + epoch + "/" + step);
        }
    }

    /**
     * How fast a training went since it told this last; told with the steps that are kept.
     *
     * @param imagesPerSecond while steps were taken
     * @param dataWaitShare of that time in which a step waited for its images, 0 to 1; of steps that several learners take, of their time
     * @param memory of the process in bytes; null where the system does not tell it
     */
    record TrainingPace(@JsonProperty("training") String training, @JsonProperty("epoch") int epoch, @JsonProperty("step") long step,
        @JsonProperty("images-per-second") double imagesPerSecond, @JsonProperty("data-wait-share") double dataWaitShare,
        @JsonProperty("memory") Long memory) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of(training + "/epoch/" + epoch + "/" + step + "/pace");
        }
    }

    /**
     * What superkernels had decided in a step; told with the steps that are kept.
     *
     * @param architecture that the decisions stand for
     * @param lambda weight of the run-time loss, in the loss's units
     * @param latencies by device in nanoseconds, as the run-time loss has them
     */
    record DecisionsTaken(@JsonProperty("training") String training, @JsonProperty("epoch") int epoch, @JsonProperty("step") long step,
        @JsonProperty("architecture") String architecture, @JsonProperty("lambda") double lambda,
        @JsonProperty("latencies") Map<String, Double> latencies) implements RunEvent {
        public DecisionsTaken {
            latencies = Map.copyOf(latencies);
        }

        @Override
        public Optional<String> key() {
            return Optional.of(training + "/epoch/" + epoch + "/" + step + "/decisions");
        }
    }

    /**
     * Fixed paths of a supernet in training were judged.
     *
     * @param epoch after which
     * @param tau Kendall's, of these accuracies and those of the networks by themselves; null where these are not known
     */
    record PathsProbed(@JsonProperty("training") String training, @JsonProperty("epoch") int epoch,
        @JsonProperty("paths") List<Probed> paths, @JsonProperty("tau") Double tau) implements RunEvent {

        /** A path, and its accuracy with the shared weights as they were. */
        public record Probed(@JsonProperty("architecture") String architecture, @JsonProperty("accuracy") double accuracy) {}

        public PathsProbed {
            paths = List.copyOf(paths);
        }

        @Override
        public Optional<String> key() {
            return Optional.of(training + "/epoch/" + epoch + "/probed");
        }
    }

    /**
     * The checkpoint that closes an epoch is in place.
     *
     * @param epoch from 1
     * @param step the epoch's last, over all epochs
     */
    record EpochSaved(@JsonProperty("training") String training, @JsonProperty("epoch") int epoch, @JsonProperty("step") long step)
        implements
            RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of(training + "/epoch/" + epoch + "/saved");
        }
    }

    /**
     * A phase of a training is over and has dropped options.
     *
     * @param epoch the phase's last, from 1
     * @param options that are left, by gene
     */
    record OptionsDropped(@JsonProperty("training") String training, @JsonProperty("epoch") int epoch,
        @JsonProperty("options") List<List<String>> options) implements RunEvent {
        public OptionsDropped {
            options = options.stream().map(List::copyOf).toList();
        }

        @Override
        public Optional<String> key() {
            return Optional.of(training + "/epoch/" + epoch + "/options");
        }

        @Override
        public Optional<String> line() {
            return Optional.of(training + ": options left: " + options);
        }
    }

    /** Random paths of the supernet were judged. */
    record PathsJudged(@JsonProperty("accuracies") List<Double> accuracies) implements RunEvent {
        public PathsJudged {
            accuracies = List.copyOf(accuracies);
        }

        @Override
        public Optional<String> key() {
            return Optional.of("train/paths");
        }
    }

    /**
     * Networks whose accuracies by themselves are known were judged with the supernet's weights.
     *
     * @param judge what those accuracies follow from
     * @param truth what their accuracies by themselves follow from, by name; empty where an earlier version has not told it
     * @param top how many favourites are looked at for the best network
     */
    record NetworksRanked(@JsonProperty("judge") String judge, @JsonProperty("truth") Map<String, String> truth, @JsonProperty("top") int top,
        @JsonProperty("networks") List<Ranked> networks) implements RunEvent {

        /**
         * A network.
         *
         * @param supernet accuracy with the shared weights
         * @param alone accuracy with weights of its own
         */
        public record Ranked(@JsonProperty("architecture") String architecture, @JsonProperty("supernet") double supernet,
            @JsonProperty("alone") double alone) {}

        public NetworksRanked {
            truth = truth == null ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(truth));
            networks = List.copyOf(networks);
        }

        @Override
        public Optional<String> key() {
            return Optional.of("rank/networks");
        }
    }

    /**
     * A device has timed a model.
     *
     * @param setting all that its figures depend on besides device and model
     * @param model its name: a segment's key, or a whole network's architecture
     * @param label for people
     * @param p50 median
     * @param halfWidth of the median's 95 % interval, relative; null if it is not known, as of a single slice
     */
    record EntryMeasured(@JsonProperty("device") String device, @JsonProperty("setting") String setting,
        @JsonProperty("model") String model, @JsonProperty("label") String label, @JsonProperty("p50") long p50,
        @JsonProperty("half-width") Double halfWidth) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of(String.join("/", "profile/entry", device, setting, model));
        }
    }

    /**
     * A device's lookup table was corrected by whole networks.
     *
     * @param fitted networks that the correction follows from
     * @param heldOut networks that its errors are of
     * @param meanError mean error of the held-out networks' predictions, relative
     * @param worstError the largest of them
     * @param insideInterval share of them whose latency is inside its prediction's interval
     * @param tau Kendall's, of their predictions
     */
    record TableFitted(@JsonProperty("device") String device, @JsonProperty("fitted") int fitted, @JsonProperty("held-out") int heldOut,
        @JsonProperty("mean-error") double meanError, @JsonProperty("worst-error") double worstError,
        @JsonProperty("inside-interval") double insideInterval, @JsonProperty("tau") double tau) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of("profile/fit/" + device);
        }
    }

    /**
     * A device's lookup table is in its file, with all that was measured for it.
     *
     * @param entries segments that it tells of
     */
    record TableWritten(@JsonProperty("device") String device, @JsonProperty("file") String file, @JsonProperty("entries") int entries)
        implements
            RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of("profile/table/" + device);
        }

        @Override
        public Optional<String> line() {
            return Optional.of("profile: wrote " + file);
        }
    }

    /**
     * A search knows one more candidate.
     *
     * @param number of candidates known so far
     * @param budget most candidates that there will be
     * @param measures by name, accuracy among them
     * @param isOver whether it misses a limit by what devices have measured since it was evaluated
     */
    record CandidateEvaluated(@JsonProperty("number") int number, @JsonProperty("budget") int budget,
        @JsonProperty("architecture") String architecture, @JsonProperty("measures") Map<String, Double> measures,
        @JsonProperty("over") boolean isOver)
        implements
            RunEvent {
        public CandidateEvaluated {
            measures = Map.copyOf(measures);
        }

        @Override
        public Optional<String> key() {
            return Optional.of("search/candidate/" + architecture);
        }
    }

    /**
     * Accuracies that a search goes by are shares of so many images.
     *
     * @param images of the validation split
     */
    record AccuracyCounted(@JsonProperty("images") long images) implements RunEvent {
        /** What events of its kind stand below. */
        public static final String PART = "search/accuracy";

        @Override
        public Optional<String> key() {
            return Optional.of(PART + "/images");
        }
    }

    /**
     * A search has completed a generation.
     *
     * @param generation from 1
     * @param candidates known so far
     * @param best the best value so far by objective, as {@code max accuracy}
     * @param hypervolume of all so far, in the box of the first generation
     */
    record GenerationEnded(@JsonProperty("generation") int generation, @JsonProperty("candidates") int candidates,
        @JsonProperty("best") Map<String, Double> best, @JsonProperty("hypervolume") double hypervolume) implements RunEvent {
        public GenerationEnded {
            best = Map.copyOf(best);
        }

        @Override
        public Optional<String> key() {
            return Optional.of("search/generation/" + generation);
        }
    }

    /**
     * How long a search took in this life of the run, and how much of it was its own: all but the time until accuracies were found and stored.
     *
     * @param asked candidates whose accuracies it asked for and the run did not know
     * @param seconds from its beginning to its front
     * @param own seconds of these
     */
    record SearchTimed(@JsonProperty("asked") int asked, @JsonProperty("seconds") double seconds, @JsonProperty("own") double own)
        implements
            RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of("search/time");
        }

        @Override
        public Optional<String> line() {
            return Optional.of(String.format(Locale.ROOT, "search: %d accuracies in %.1f s, %.1f s of which (%.1f %%) were the search's own", asked,
                seconds, own, 100 * own / seconds));
        }
    }

    /**
     * A search has written its front.
     *
     * @param candidates on it
     * @param accuracy the best of them
     */
    record FrontFound(@JsonProperty("candidates") int candidates, @JsonProperty("accuracy") double accuracy,
        @JsonProperty("file") String file) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of("search/front");
        }

        @Override
        public Optional<String> line() {
            return Optional.of(String.format(Locale.ROOT, "search: %d architectures on the front, best accuracy %.2f %%, wrote %s", candidates,
                100 * accuracy, file));
        }
    }

    /** A network of the front is in a file, in one precision or several. */
    record FileExported(@JsonProperty("file") String file, @JsonProperty("architecture") String architecture) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of("export/file/" + file);
        }
    }

    /**
     * A file of a network that multiplies integers was held against what it was written from, on validation images in ONNX Runtime.
     *
     * @param file its name, of a retrained network with its folder
     * @param bytes of the file
     * @param accuracyBefore of what it was written from: the network of real numbers where it was quantized afterwards, otherwise itself as
     *     it is judged
     * @param accuracy of the file
     * @param alike share of the images to which the file and the network of integers give the same class; null in events of earlier versions
     * @param difference mean absolute difference of their outputs, relative to these' range; null in events of earlier versions
     * @param real layers that are to multiply integers and multiply real numbers in ONNX Runtime nevertheless
     */
    record FileQuantized(@JsonProperty("file") String file, @JsonProperty("bytes") long bytes,
        @JsonProperty("accuracy-before") double accuracyBefore, @JsonProperty("accuracy") double accuracy,
        @JsonProperty("alike") Double alike, @JsonProperty("difference") Double difference,
        @JsonProperty("real") List<String> real) implements RunEvent {

        public FileQuantized {
            real = List.copyOf(real);
        }

        @Override
        public Optional<String> key() {
            return Optional.of("export/file/" + file + "/answers");
        }

        @Override
        public Optional<String> line() {
            String same = alike == null
                ? ""
                : String.format(Locale.ROOT, "%.2f %% answered as before it was written, outputs %.1e of their range apart on average, ",
                    100 * alike, difference);
            return Optional
                .of(String.format(Locale.ROOT, "export: %s: %.2f MB, accuracy %.2f %% after %.2f %%, %s%s", file, bytes / 1e6, 100 * accuracy,
                    100 * accuracyBefore, same,
                    real.isEmpty() ? "integers wherever they are to be" : "real numbers all the same in " + String.join(", ", real)));
        }
    }

    /**
     * A network was written in the form that a program wants, which gives the network's outputs on images.
     *
     * @param bytes of the file
     * @param difference largest difference of its outputs from the network's, relative to their range
     */
    record FileDeployed(@JsonProperty("file") String file, @JsonProperty("bytes") long bytes,
        @JsonProperty("difference") double difference) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of("export/file/" + file);
        }

        @Override
        public Optional<String> line() {
            return Optional.of(String.format(Locale.ROOT, "export: %s: %.1f MB, its outputs differ from the network's by %.1e of their range",
                file, bytes / 1e6, difference));
        }
    }

    /**
     * A device has run an exported file.
     *
     * @param predicted median latency by the table
     * @param p50 measured median
     * @param difference largest difference of the outputs from the supernet's, relative to their range
     * @param confirmed whether numbers and limits hold, numbers in integers too
     * @param learned whether the table had learned from this network, so that it foretold nothing
     * @param p50InIntegers measured median of its file in 8-bit integers; null where there is none
     */
    record FileVerified(@JsonProperty("file") String file, @JsonProperty("architecture") String architecture,
        @JsonProperty("device") String device, @JsonProperty("predicted") long predicted, @JsonProperty("p50") long p50,
        @JsonProperty("difference") double difference, @JsonProperty("confirmed") boolean confirmed,
        @JsonProperty("learned") boolean learned,
        @JsonProperty("p50-int8") @JsonInclude(Include.NON_NULL) Long p50InIntegers) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of(String.join("/", "verify/file", file, device));
        }
    }

    /**
     * Networks that were measured whole contradicted a device's table, which was corrected by them, and the search goes on.
     *
     * @param number of the run's repair, from 1
     * @param networks architectures that the table has learned from
     */
    record TableRepaired(@JsonProperty("number") int number, @JsonProperty("device") String device,
        @JsonProperty("networks") List<String> networks) implements RunEvent {
        public TableRepaired {
            networks = List.copyOf(networks);
        }

        @Override
        public Optional<String> key() {
            return Optional.of(String.join("/", "verify/repair", Integer.toString(number), device));
        }

        @Override
        public Optional<String> line() {
            return Optional.of("verify: repair " + number + ": the table of " + device + " is corrected by " + networks.size()
                + " networks measured whole, and the search goes on");
        }
    }

    /** Share of the images whose class is among the five highest outputs; null where they may show several. */
    private static Double amongFive(Hits hits) {
        return hits.isOfSeveral() ? null : Double.valueOf(hits.top5());
    }

    /**
     * A network has weights of its own. Accuracies are shares of validation images or, where these may show several classes, mean average
     * precisions; top-5 ones are then null, and in events of earlier versions.
     *
     * @param file in the run's folder
     * @param accuracy with its own weights
     * @param top5 the same among the five highest outputs
     * @param before with the supernet's weights; null where no supernet has the network
     * @param beforeTop5 the same among the five highest outputs
     * @param devices what they said of the files
     * @param files all of the network, one a precision, with the SHA-256 of each; in events of earlier versions only the one, without
     */
    record NetworkRetrained(@JsonProperty("file") String file, @JsonProperty("architecture") String architecture,
        @JsonProperty("accuracy") double accuracy, @JsonProperty("top5") Double top5, @JsonProperty("before") Double before,
        @JsonProperty("before-top5") Double beforeTop5, @JsonProperty("devices") List<OnDevice> devices,
        @JsonProperty("files") SortedMap<String, String> files) implements RunEvent {

        /**
         * What a device said of its file: its median latency, and whether it confirmed outputs and limits.
         *
         * @param p50InIntegers of the file in 8-bit integers; null where there is none
         */
        public record OnDevice(@JsonProperty("device") String device, @JsonProperty("p50") long p50, @JsonProperty("confirmed") boolean confirmed,
            @JsonProperty("p50-int8") @JsonInclude(Include.NON_NULL) Long p50InIntegers) {}

        public NetworkRetrained {
            devices = devices == null ? List.of() : List.copyOf(devices);
            files = Collections.unmodifiableSortedMap(new TreeMap<>(files == null ? Map.of(file, "") : files));
        }

        /**
         * @param file of float32, in the run's folder
         * @param files all of them with their contents
         */
        public static NetworkRetrained of(String file, SortedMap<String, String> files, RetrainedNetwork network) {
            return new NetworkRetrained(file, network.architecture(), network.after().accuracy(), amongFive(network.after()),
                network.before().map(Hits::accuracy).orElse(null), network.before().map(RunEvent::amongFive).orElse(null),
                network.devices().stream().map(device -> new OnDevice(device.device(), device.p50Nanos(), device.isVerified(),
                    device.integers().map(InIntegers::p50Nanos).orElse(null))).toList(),
                files);
        }

        /**
         * This one, about which no device was asked, with what they said of an earlier one under its name and still stands: all of it where
         * the files are the same, otherwise that they refused them, which they alone take back.
         */
        public NetworkRetrained withVerdictsOf(NetworkRetrained earlier) {
            List<OnDevice> standing = earlier.devices.stream().filter(device -> !device.confirmed() || files.equals(earlier.files)).toList();
            return new NetworkRetrained(file, architecture, accuracy, top5, before, beforeTop5, standing, files);
        }

        /** The devices that refused a file. */
        public List<String> refusedBy() {
            return devices.stream().filter(device -> !device.confirmed()).map(OnDevice::device).toList();
        }

        @Override
        public Optional<String> key() {
            return Optional.of("retrain/file/" + file);
        }
    }

    /**
     * A network was judged on the test images.
     *
     * @param file of the run's folder that was judged; null where it is the supernet's weights
     * @param accuracy share of right answers; of images that may show several classes mean average precision
     * @param judge what the accuracy follows from: weights and test images; null in events of earlier versions
     * @param top5 share of images whose class is among the five highest outputs; null in events of earlier versions, and where they may show several
     * @param balanced mean over the classes of the share that is right; null in events of earlier versions
     * @param macroF1 mean over the classes of F1; null in events of earlier versions
     * @param recalls share of every class that is right, by its name; null in events of earlier versions
     * @param microF1 F1 of all answers together, where images may show several classes; null otherwise
     * @param averagePrecisions of every class by its name, where images may show several classes; null otherwise
     */
    record NetworkTested(@JsonProperty("architecture") String architecture, @JsonProperty("file") String file,
        @JsonProperty("judge") String judge, @JsonProperty("accuracy") double accuracy, @JsonProperty("top5") Double top5,
        @JsonProperty("balanced") Double balanced, @JsonProperty("macro-f1") Double macroF1,
        @JsonProperty("recalls") SortedMap<String, Double> recalls, @JsonInclude(Include.NON_NULL) @JsonProperty("micro-f1") Double microF1,
        @JsonInclude(Include.NON_NULL) @JsonProperty("average-precisions") SortedMap<String, Double> averagePrecisions) implements RunEvent {

        /**
         * @param file of the run's folder that was judged; null where it is the supernet's weights
         * @param judge what the figures follow from: weights and test images
         */
        public static NetworkTested of(String file, String judge, TestedNetwork network) {
            Hits hits = network.hits();
            SortedMap<String, Double> recalls = new TreeMap<>();
            network.byClass().forEach((name, each) -> recalls.put(name, each.recall()));
            return new NetworkTested(network.architecture(), file, judge, hits.accuracy(), amongFive(hits), hits.balanced(), hits.macroF1(), recalls,
                hits.isOfSeveral() ? hits.microF1() : null, hits.isOfSeveral() ? new TreeMap<>(network.averagePrecisions()) : null);
        }

        @Override
        public Optional<String> key() {
            return Optional.of("test/network/" + architecture + (file == null ? "" : "/" + file));
        }
    }

    /**
     * What lies among the images of a source and is none was passed over.
     *
     * @param files how many of each kind, in words
     */
    record FilesPassedOver(@JsonProperty("source") String source, @JsonProperty("files") String files) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of("decode/passed-over/" + source);
        }

        @Override
        public Optional<String> line() {
            return Optional.of("decode " + source + ": passed over " + files);
        }
    }

    /**
     * Images of a source could not be read and were left out, as many as the experiment allows.
     *
     * @param reasons of each, with its name
     * @param total images of the source
     */
    record ImagesSkipped(@JsonProperty("source") String source, @JsonProperty("reasons") List<String> reasons,
        @JsonProperty("total") int total) implements RunEvent {

        private static final int NAMED = 3;

        @Override
        public Optional<String> key() {
            return Optional.of("decode/skipped/" + source);
        }

        @Override
        public Optional<String> line() {
            return Optional.of("decode " + source + ": skipped " + reasons.size() + " of " + total + " images that cannot be read: "
                + String.join("; ", reasons.subList(0, Math.min(NAMED, reasons.size())))
                + (reasons.size() > NAMED ? "; the others in metrics.jsonl" : ""));
        }
    }

    /**
     * One class of the training images has at least twice as many as another.
     *
     * @param balance how far they are drawn equally often nevertheless, 0 to 1
     */
    record ClassesUnequal(@JsonProperty("source") String source, @JsonProperty("smallest") String smallest, @JsonProperty("least") int least,
        @JsonProperty("largest") String largest, @JsonProperty("most") int most, @JsonProperty("balance") double balance)
        implements
            RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of("decode/unequal/" + source);
        }

        @Override
        public Optional<String> line() {
            return Optional.of("decode " + source + ": classes of unequal size, from " + smallest + " with " + least + " images to " + largest
                + " with " + most + (balance == 0 ? "; data.balance draws them more evenly" : ", drawn with data.balance " + balance));
        }
    }

    /**
     * A part of the run begins from nothing: what was told of it before no longer holds.
     *
     * @param part beginning of the keys of its events, up to a slash
     */
    record BegunAnew(String part) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.empty();
        }
    }

    /** Something that a person should look at; the run goes on. */
    record Warning(@JsonProperty("stage") String stage, @JsonProperty("text") String text) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.of(stage + "/warning/" + text);
        }

        @Override
        public Optional<String> line() {
            return Optional.of("warning: " + text);
        }
    }

    /** The next of several stages comes. */
    record StageCounted(int number, int count, String stage) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.empty();
        }
    }

    /** Work of known length begins. */
    record WorkBegan(String what, long total, String unit) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.empty();
        }
    }

    /**
     * Work goes on.
     *
     * @param done of the total
     * @param note the current best, a loss, or empty
     */
    record WorkProgressed(String what, double done, String note) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.empty();
        }
    }

    /** Work is over, done or not. */
    record WorkEnded(String what) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.empty();
        }
    }

    /** Something for whoever watches, and no figure of the run. */
    record Noted(String text) implements RunEvent {
        @Override
        public Optional<String> key() {
            return Optional.empty();
        }

        @Override
        public Optional<String> line() {
            return Optional.of(text);
        }
    }
}
