package dev.lutra.supernet.curriculum;

import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.yaml.Kinds;
import dev.lutra.yaml.YamlNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * What is trained when: phases, one after the other, over all epochs.
 *
 * @param phases at least one; their shares make 1
 */
public record Curriculum(List<Phase> phases) {

    private static final double ROUNDING = 1e-9;

    /**
     * A phase in epochs.
     *
     * @param phase which
     * @param start epochs before it
     * @param end epochs finished at its end
     */
    public record Span(Phase phase, int start, int end) {}

    /**
     * Epochs of one schedule.
     *
     * @param start epochs before it
     * @param end epochs finished at its end
     */
    public record Cycle(int start, int end) {}

    /**
     * @throws InputException if the shares do not make 1, or a transition cannot follow its phase
     */
    public Curriculum {
        phases = List.copyOf(phases);
        problem(phases).ifPresent(problem -> {
            throw new InputException("supernet.phases: " + problem);
        });
    }

    private static Optional<String> problem(List<Phase> phases) {
        double sum = phases.stream().mapToDouble(Phase::share).sum();
        if (phases.stream().anyMatch(phase -> phase.share() <= 0) || Math.abs(sum - 1) > ROUNDING) {
            return Optional.of("shares " + phases.stream().map(Phase::share).map(NamedValues::text).toList()
                + " (expected: above 0, 1 together)");
        }
        if (phases.get(phases.size() - 1).then().stream().anyMatch(Transition::beginsAnew)) {
            return Optional.of("a training anew after the last phase (expected: before another phase)");
        }
        return phases.stream().flatMap(phase -> phase.then().stream().flatMap(next -> problem(phase.sampling(), next).stream()))
            .findFirst().or(() -> beforeWhatFollows(phases)).or(() -> anglesFromNowhere(phases));
    }

    private static Optional<String> beforeWhatFollows(List<Phase> phases) {
        for (int i = 0; i < phases.size(); i++) {
            List<Transition> then = phases.get(i).then();
            for (int j = 0; j < then.size(); j++) {
                Optional<String> problem = then.get(j).problemBefore(then.subList(j + 1, then.size()), phases.subList(i + 1, phases.size()));
                if (problem.isPresent()) {
                    return problem;
                }
            }
        }
        return Optional.empty();
    }

    /** An angle that is counted from values which a weight never began with. */
    private static Optional<String> anglesFromNowhere(List<Phase> phases) {
        Optional<Transition> moved = Optional.empty();
        for (Transition next : phases.stream().flatMap(phase -> phase.then().stream()).toList()) {
            if (next instanceof Shrink shrink && shrink.by() == Shrink.Score.ANGLE && moved.isPresent()) {
                return Optional.of("shrink by angle after " + name(moved.get()::describe) + ", which gives weights other first values "
                    + "(expected: rebase between them)");
            }
            if (next.givesFirstValues()) {
                moved = Optional.of(next);
            } else if (next instanceof Rebase || next.forgets()) {
                moved = Optional.empty();
            }
        }
        return Optional.empty();
    }

    private static Optional<String> problem(Sampling sampling, Transition next) {
        boolean wrong = sampling.isOnePath() ? next.needsManyPaths() : next.needsOnePath();
        return wrong
            ? Optional.of(name(next::describe) + " after " + name(sampling::describe) + " (expected: after a phase that trains "
                + (next.needsOnePath() ? "one path)" : "many paths)"))
            : next.problemAfter(sampling);
    }

    /** Whether some phase trains several paths a step, so that a loss can hold one against another. */
    public boolean trainsSeveral() {
        return phases.stream().anyMatch(phase -> phase.sampling().trainsSeveral());
    }

    /** What the phases' samplings are called in files. */
    public List<String> samplings() {
        return phases.stream().map(phase -> name(phase.sampling()::describe)).toList();
    }

    /**
     * Makes sure that paths of a space can be drawn.
     *
     * @throws InputException if a sampling has no use for it
     */
    public void requireFits(SearchSpace space) {
        for (int i = 0; i < phases.size(); i++) {
            String key = shorthand().isPresent() ? "supernet.sampling" : "supernet.phases[" + i + "].sampling";
            phases.get(i).sampling().problemIn(space).ifPresent(problem -> {
                throw new InputException(key + ": " + problem);
            });
            String then = "supernet.phases[" + i + "].then";
            phases.get(i).then().stream().flatMap(next -> next.problemIn(space).stream()).findFirst().ifPresent(problem -> {
                throw new InputException(then + ": " + problem);
            });
        }
    }

    /** The space whose networks have the weights that this leaves: the same architectures, which may share more or less. */
    public SearchSpace trained(SearchSpace space) {
        SearchSpace trained = space;
        for (Phase phase : phases) {
            trained = phase.sampling().trained(trained);
            for (Transition next : phase.then()) {
                trained = next.trained(trained);
            }
        }
        return trained;
    }

    /** What it is called in files. */
    private static String name(BiConsumer<String, NamedValues.Builder> describe) {
        NamedValues.Builder values = NamedValues.builder();
        describe.accept("name", values);
        return values.build().shown().get("name");
    }

    /** The same from the first to the last epoch. */
    public static Curriculum of(Sampling sampling) {
        return new Curriculum(List.of(new Phase(1, sampling, List.of())));
    }

    /**
     * One path first, whose weights all options then inherit.
     *
     * @param share of the epochs for the first path, 0 to below 1; 0 for none
     * @param sampling of the other epochs
     */
    public static Curriculum firstPathThen(double share, Sampling sampling) {
        return share == 0
            ? of(sampling)
            : new Curriculum(List.of(new Phase(share, new FirstPathSampling(), List.of(new Inherit())),
                new Phase(1 - share, sampling, List.of())));
    }

    /**
     * The same, in whose last phase something happens.
     *
     * @param after which share of all epochs, in that phase
     * @throws InputException if the phase begins later
     */
    public Curriculum interrupted(double after, Transition then) {
        Phase last = phases.get(phases.size() - 1);
        double start = 1 - last.share();
        List<Phase> all = new ArrayList<>(phases.subList(0, phases.size() - 1));
        all.add(new Phase(after - start, last.sampling(), List.of(then)));
        all.add(new Phase(1 - after, last.sampling(), last.then()));
        return new Curriculum(all);
    }

    /**
     * Reads a list of phases: {@code [{share: 0.25, sampling: NAME, then: NAME}, …]}. The last one may leave out its share,
     * {@code then} may be a list.
     *
     * @throws InputException with file, line, key and expectation
     */
    public static Curriculum read(YamlNode list, Kinds<Sampling> samplings, Kinds<Transition> transitions) {
        List<Phase> phases = new ArrayList<>();
        List<YamlNode> items = list.items();
        double left = 1;
        for (YamlNode item : items) {
            boolean last = phases.size() == items.size() - 1;
            double share = last && item.find("share").isEmpty() ? left : item.get("share").number(0, 1);
            left -= share;
            Sampling sampling = samplings.read(item.get("sampling"));
            List<Transition> then = item.find("then").map(node -> (node.isList() ? node.items() : List.of(node)).stream()
                .map(kind -> transitions.read(kind)).toList()).orElse(List.of());
            phases.add(new Phase(share, sampling, then));
            item.rejectUnknownKeys();
        }
        problem(phases).ifPresent(problem -> {
            throw list.error(problem);
        });
        return new Curriculum(phases);
    }

    /** Whether many architectures share the weights, or one has them to itself and learns its batch norm too. */
    public boolean sharesWeights() {
        return phases.stream().anyMatch(phase -> !(phase.sampling() instanceof FixedSampling));
    }

    /** The one architecture that has the weights to itself, if one has. */
    public Optional<Architecture> onlyPath(SearchSpace space) {
        return sharesWeights() ? Optional.empty() : phases.get(0).sampling().onlyPath(space);
    }

    /** Whether a phase asks how accurate architectures are before training ends. */
    public boolean asksForAccuracy() {
        return phases.stream().flatMap(phase -> phase.then().stream()).anyMatch(Transition::asksForAccuracy);
    }

    /**
     * The phases in epochs: shares are rounded so that each has one at least. Of {@code first-path} in short, a share
     * that rounds to none is left out, and so it is where there is one epoch in all.
     *
     * @throws InputException if there are fewer epochs than phases
     */
    public List<Span> spans(int epochs) {
        Optional<FirstPathFirst> shorthand = shorthand();
        if (phases.size() > 1 && shorthand.isPresent() && (epochs == 1 || Math.round(shorthand.get().share() * epochs) == 0)) {
            return of(shorthand.get().sampling()).spans(epochs);
        }
        if (epochs < phases.size()) {
            throw new InputException("supernet.epochs: " + epochs + " (expected: at least " + phases.size()
                + ", one for each of supernet.phases)");
        }
        List<Span> spans = new ArrayList<>();
        double share = 0;
        int start = 0;
        for (int i = 0; i < phases.size(); i++) {
            share += phases.get(i).share();
            int end = (int) Math.round(share * epochs);
            end = Math.min(Math.max(end, start + 1), epochs - (phases.size() - 1 - i));
            spans.add(new Span(phases.get(i), start, end));
            start = end;
        }
        return spans;
    }

    /** The phase that an epoch belongs to. */
    public Span spanOf(int epoch, int epochs) {
        return spans(epochs).stream().filter(span -> epoch < span.end()).findFirst().orElseThrow();
    }

    /**
     * The epochs around one in which the learning rate rises and falls once: all, or those between transitions that begin anew.
     *
     * @return from the first epoch of them to the one after the last
     */
    public Cycle cycleOf(int epoch, int epochs) {
        int start = 0;
        for (Span span : spans(epochs)) {
            if (span.phase().then().stream().anyMatch(Transition::beginsAnew)) {
                if (epoch < span.end()) {
                    return new Cycle(start, span.end());
                }
                start = span.end();
            }
        }
        return new Cycle(start, epochs);
    }

    /** The options that the phases until some epoch could draw paths from, had none been dropped. */
    public Options offeredUntil(int epoch, int epochs, SearchSpace space) {
        Options all = Options.all(space);
        return spans(epochs).stream().filter(span -> span.start() < epoch).map(span -> span.phase().sampling().offered(all))
            .reduce(Options::or).orElseThrow();
    }

    /** A curriculum that the keys {@code sampling} and {@code first-path} can say. */
    private record FirstPathFirst(double share, Sampling sampling) {}

    private Optional<FirstPathFirst> shorthand() {
        Phase last = phases.get(phases.size() - 1);
        if (phases.size() > 2 || !last.then().isEmpty()) {
            return Optional.empty();
        }
        Phase first = phases.get(0);
        if (first == last) {
            return Optional.of(new FirstPathFirst(0, last.sampling()));
        }
        boolean inherited = first.sampling() instanceof FirstPathSampling && first.then().equals(List.of(new Inherit()));
        return inherited ? Optional.of(new FirstPathFirst(first.share(), last.sampling())) : Optional.empty();
    }

    /** What is trained, and when, in the words of the experiment file. */
    public NamedValues values(SearchSpace space) {
        if (phases.get(0).sampling() instanceof FixedSampling fixed && !sharesWeights()) {
            return NamedValues.builder().put("network", space.build(fixed.architecture()).fingerprint()).build();
        }
        NamedValues.Builder values = NamedValues.builder()
            .put("space", space.fingerprint())
            .put("batch-norm.learned-in-supernet", space.learnsBatchNorm());
        Optional<FirstPathFirst> shorthand = shorthand();
        if (shorthand.isPresent()) {
            shorthand.get().sampling().describe("supernet.sampling", values);
            values.put("supernet.first-path", shorthand.get().share());
            if (shorthand.get().share() > 0) {
                values.putLater("supernet.first-path.rule", FirstPath.RULE, FirstPath.FORMER_RULE);
            }
            return values.build();
        }
        for (int i = 1; i <= phases.size(); i++) {
            Phase phase = phases.get(i - 1);
            String key = "supernet.phases." + i + ".";
            values.put(key + "share", phase.share());
            phase.sampling().describe(key + "sampling", values);
            for (int j = 1; j <= phase.then().size(); j++) {
                phase.then().get(j - 1).describe(key + "then." + j, values);
            }
        }
        return values.build();
    }
}
