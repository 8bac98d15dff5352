package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Views;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Lets channels in that no path has used so far, so that every wider network begins with what the narrower one does (Chen et
 * al. 2016, Net2WiderNet; BS-NAS widens while it trains). A new channel is made like one that is learned, with a tenth of its
 * own first values so that the two part, and what reads it begins with zeros.
 */
record Widen() implements Transition {

    private static final float NOISE = 0.1f;

    @Override
    public Options apply(PhaseEnd end) {
        learned(end.trained()).forEach((tensor, part) -> {
            if (!part.dims().equals(tensor.dims()) && end.weights().isLearned(tensor)) {
                end.weights().set(tensor, widened(part, end.weights().read(Weight.whole(tensor)), end.weights().first(tensor)));
            }
        });
        return end.surviving();
    }

    @Override
    public boolean givesFirstValues() {
        return true;
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "widen");
    }

    /** The part of every tensor that some path of these options uses. */
    private static Map<SharedTensor, Weight> learned(Options trained) {
        SearchSpace space = trained.space();
        Map<SharedTensor, Weight> parts = new HashMap<>();
        int[] widest = new int[space.genes().size()];
        for (int gene = 0; gene < widest.length; gene++) {
            widest[gene] = widest(trained, gene);
        }
        for (int gene = 0; gene < widest.length; gene++) {
            for (int option : trained.of(gene)) {
                int[] values = widest.clone();
                values[gene] = option;
                for (Op op : space.build(space.architecture(values)).ops()) {
                    op.weights().stream().filter(weight -> weight.tensor().role().isParameter())
                        .forEach(weight -> parts.merge(weight.tensor(), weight, Views::bounding));
                }
            }
        }
        return parts;
    }

    private static int widest(Options trained, int gene) {
        int widest = trained.of(gene)[0];
        for (int option : trained.of(gene)) {
            boolean wider = trained.space().genes().get(gene).isScale()
                && trained.space().genes().get(gene).scale(option) > trained.space().genes().get(gene).scale(widest);
            widest = wider ? option : widest;
        }
        return widest;
    }

    /**
     * Values of a tensor whose channels are all in use.
     *
     * @param learned the part that is learned, whose channels are the first ones
     * @param values of the whole tensor, row-major; not changed
     * @param first values of the whole tensor
     */
    static float[] widened(Weight learned, float[] values, float[] first) {
        SharedTensor tensor = learned.tensor();
        List<Integer> dims = tensor.dims();
        boolean readsChannels = tensor.role() == Role.CONV_WEIGHT || tensor.role() == Role.LINEAR_WEIGHT;
        int rest = Math.toIntExact(tensor.elements() / dims.get(0));
        int perInput = readsChannels ? rest / dims.get(1) : rest;
        int learnedOut = learned.dims().get(0);
        float[] widened = values.clone();
        for (int i = 0; i < widened.length; i++) {
            int out = i / rest;
            boolean newInput = readsChannels && i % rest / perInput >= learned.dims().get(1);
            if (newInput) {
                widened[i] = 0;
            } else if (out >= learnedOut) {
                widened[i] = values[out % learnedOut * rest + i % rest] + (readsChannels ? NOISE * first[i] : 0);
            }
        }
        return widened;
    }
}
