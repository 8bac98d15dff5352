package dev.lutra.search;

import dev.lutra.cost.Cost;
import dev.lutra.cost.NormalisedScore;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.Prediction;
import dev.lutra.network.Network;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What is known of an architecture without running it, in well under a millisecond or so; constraints are checked on it. */
public interface CheapMeasures {

    /** Names of the measures, the same for every architecture. */
    SortedSet<String> names();

    Measures of(Architecture architecture);

    /**
     * MACs and parameters by counting, and the predicted latency on every target, with its p99 where the target's table
     * predicts one.
     *
     * @param targets by device name
     */
    static CheapMeasures counted(SearchSpace space, Map<String, LatencyModel> targets) {
        return new Counted(space, new TreeMap<>(targets));
    }

    /** Interprets the built network. */
    record Counted(SearchSpace space, SortedMap<String, LatencyModel> targets) implements CheapMeasures {

        @Override
        public SortedSet<String> names() {
            SortedSet<String> names = new TreeSet<>();
            names.add(Measure.MACS);
            names.add(Measure.PARAMS);
            names.add(Measure.SCORE);
            targets.forEach((device, model) -> {
                names.add(Measure.latency(device));
                if (model.predictsP99()) {
                    names.add(Measure.p99(device));
                }
            });
            return names;
        }

        @Override
        public Measures of(Architecture architecture) {
            Network network = space.build(architecture);
            SortedMap<String, Double> values = new TreeMap<>();
            Cost cost = Cost.of(network);
            values.put(Measure.MACS, (double) cost.macs());
            values.put(Measure.PARAMS, (double) cost.params());
            values.put(Measure.SCORE, NormalisedScore.SPOS.sum(cost));
            targets.forEach((device, model) -> {
                Prediction prediction = model.predict(network);
                values.put(Measure.latency(device), (double) prediction.nanos());
                prediction.p99().ifPresent(tail -> values.put(Measure.p99(device), (double) tail.nanos()));
            });
            return new Measures(values);
        }
    }
}
