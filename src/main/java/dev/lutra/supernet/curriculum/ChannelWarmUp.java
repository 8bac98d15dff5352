package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.yaml.LayeredSettings;
import dev.lutra.yaml.YamlNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * Lets channel scales in from the largest down, epoch by epoch, and leaves the drawing to another sampling: networks whose
 * channels are searched from the first epoch do not converge, or converge to less (the released code of OneShot-S+).
 *
 * @param sampling draws paths from what is let in
 * @param written epochs of a phase that the schedule was written for, which is stretched to the phase's own; empty to take its
 *     epochs as they are
 * @param schedule how many of the largest scales are let in for how long; the last entry stays
 */
record ChannelWarmUp(Sampling sampling, OptionalInt written, List<Step> schedule) implements Sampling {

    private static final int RELEASED_EPOCHS = 120;

    /**
     * An entry of the schedule.
     *
     * @param scales so many of the largest
     * @param epochs how long; of the last entry, without end
     */
    record Step(int scales, int epochs) {

        @Override
        public String toString() {
            return epochs == Integer.MAX_VALUE ? Integer.toString(scales) : scales + " for " + epochs;
        }
    }

    /** Of the released code, with the two smallest of its ten scales ignored, as it is by default. */
    private static final List<Step> RELEASED = List.of(new Step(1, 60), new Step(2, 1), new Step(3, 1), new Step(4, 1),
        new Step(5, 1), new Step(6, 2), new Step(7, 3), new Step(8, Integer.MAX_VALUE));

    static Sampling of(LayeredSettings settings) {
        Optional<YamlNode> named = settings.find("sampling");
        Sampling sampling = named.map(node -> Samplings.ALL.read(node)).orElseGet(Sampling::uniform);
        if (sampling.isOnePath() || sampling instanceof ChannelWarmUp) {
            throw named.orElseThrow().error("within channel-warm-up (expected: a sampling that draws from many paths)");
        }
        Optional<YamlNode> list = settings.find("schedule");
        Optional<Integer> of = settings.find("of").map(node -> node.integer(1));
        OptionalInt written = of.map(OptionalInt::of)
            .orElseGet(() -> list.isEmpty() ? OptionalInt.of(RELEASED_EPOCHS) : OptionalInt.empty());
        return new ChannelWarmUp(sampling, written, list.map(ChannelWarmUp::schedule).orElse(RELEASED));
    }

    private static List<Step> schedule(YamlNode list) {
        List<Step> steps = new ArrayList<>();
        List<YamlNode> items = list.items();
        for (YamlNode item : items) {
            boolean last = steps.size() == items.size() - 1;
            int scales = item.get("scales").integer(1);
            steps.add(new Step(scales, last ? Integer.MAX_VALUE : item.get("epochs").integer(1)));
            item.rejectUnknownKeys();
        }
        if (steps.isEmpty()) {
            throw list.error("no entries (expected: {scales: N, epochs: N} and a last one without epochs)");
        }
        return List.copyOf(steps);
    }

    /** How many of the largest scales an epoch may use. */
    int scales(Moment moment) {
        int epoch = moment.epoch() - moment.start();
        long at = written.isEmpty() ? epoch : (long) epoch * written.getAsInt() / (moment.end() - moment.start());
        for (Step step : schedule) {
            if (at < step.epochs()) {
                return step.scales();
            }
            at -= step.epochs();
        }
        throw new IllegalStateException("the last entry has no end");
    }

    @Override
    public List<Architecture> paths(Options surviving, Moment moment) {
        return sampling.paths(surviving.largestScales(scales(moment)), moment);
    }

    @Override
    public boolean trainsSeveral() {
        return sampling.trainsSeveral();
    }

    @Override
    public Optional<String> problemIn(SearchSpace space) {
        return space.genes().stream().anyMatch(Gene::isScale)
            ? sampling.problemIn(space)
            : Optional.of("channel-warm-up in " + space.name() + " (expected: a space with channel scales)");
    }

    @Override
    public Options offered(Options surviving) {
        int most = schedule.stream().mapToInt(Step::scales).max().orElseThrow();
        return sampling.offered(surviving.largestScales(most));
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "channel-warm-up")
            .put(key + ".schedule", schedule.stream().map(Step::toString).collect(Collectors.joining(", ")));
        written.ifPresent(epochs -> values.put(key + ".of", epochs));
        sampling.describe(key + ".sampling", values);
    }
}
