package dev.lutra.search;

import dev.lutra.space.Architecture;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.function.ObjDoubleConsumer;

/** Accuracies of a source, counted: whoever asks for more than a budget allows is told none of what was asked last. */
public final class BudgetedAccuracies implements AccuracySource {

    private final AccuracySource source;
    private final int budget;
    private int asked;

    public BudgetedAccuracies(AccuracySource source, int budget) {
        this.source = source;
        this.budget = budget;
    }

    /** How many accuracies were asked for. */
    public int asked() {
        return asked;
    }

    @Override
    public OptionalLong images() {
        return source.images();
    }

    /**
     * @throws IllegalStateException if these would be more than the budget
     */
    @Override
    public void find(List<Architecture> architectures, ObjDoubleConsumer<Architecture> found) {
        ask(architectures.size());
        source.find(architectures, found);
    }

    /**
     * @throws IllegalStateException if these would be more than the budget
     */
    @Override
    public void find(Map<Architecture, Double> least, BiConsumer<Architecture, Answer> found) {
        ask(least.size());
        source.find(least, found);
    }

    private void ask(int more) {
        if (asked + more > budget) {
            throw new IllegalStateException(asked + " accuracies told, " + more + " more asked for (expected: at most " + budget + " in all)");
        }
        asked += more;
    }
}
