package dev.lutra.space;

import java.util.List;
import java.util.function.BiPredicate;

/**
 * One decision of a space. Genes are not layers: a layer may have several, and a cell's gene shapes many layers.
 *
 * @param name unique in the space: {@code layer3.choice}, {@code layer3.scale}
 * @param options what may be chosen here, at least one
 */
public record Gene(String name, List<Option> options) {

    /** What the name of a gene of channel scales ends in. */
    static final String SCALE = ".scale";
    /** What the name of a gene of bits ends in. */
    static final String BITS = ".bits";

    private static final BiPredicate<Option, String> WRITTEN_BY_NAME = (option, text) -> option.name().equals(text);
    private static final BiPredicate<Option, String> WRITTEN_BY_ALIAS = (option, text) -> option.aliases().contains(text);
    private static final BiPredicate<Option, String> WRITTEN_BY_INDEX = (option, text) -> Integer.toString(option.index()).equals(text);

    /**
     * One possible value of a gene.
     *
     * @param name how people write it: {@code k5e6}, {@code 1.4}
     * @param index how publications number it; positions that a gene forbids leave gaps
     * @param aliases other texts that publications write for it
     */
    public record Option(String name, int index, List<String> aliases) {

        public Option {
            aliases = List.copyOf(aliases);
        }

        public Option(String name, int index) {
            this(name, index, List.of());
        }

    }

    public Gene {
        options = List.copyOf(options);
        if (options.isEmpty()) {
            throw new IllegalArgumentException(name + ": no options (expected: at least one)");
        }
    }

    public int size() {
        return options.size();
    }

    /** The layer or cell that the gene shapes: its name before the last dot. */
    public String layer() {
        int dot = name.lastIndexOf('.');
        return dot < 0 ? name : name.substring(0, dot);
    }

    /** What the gene decides: its name after the last dot, {@code choice}, {@code scale} or {@code bits}. */
    public String decision() {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /** Whether the options are channel scales, of which a smaller one uses the first channels of a larger one's weights. */
    public boolean isScale() {
        return name.endsWith(SCALE);
    }

    /** Whether the options are bits that layers multiply in, named as {@link dev.lutra.network.Bits} are written. */
    public boolean isBits() {
        return name.endsWith(BITS);
    }

    /** The channel scale at a position of {@link #options()}. */
    public double scale(int position) {
        return Double.parseDouble(options.get(position).name());
    }

    /**
     * Position in {@link #options()} of an option written by name, by alias or by index. A name that is also another option's
     * index is the name: what is printed reads back.
     *
     * @return −1 if there is none
     */
    public int position(String text) {
        int byName = position(text, WRITTEN_BY_NAME);
        int byAlias = byName >= 0 ? byName : position(text, WRITTEN_BY_ALIAS);
        return byAlias >= 0 ? byAlias : position(text, WRITTEN_BY_INDEX);
    }

    private int position(String text, BiPredicate<Option, String> written) {
        for (int place = 0; place < options.size(); place++) { // tables of many thousand rows ask it for every gene
            if (written.test(options.get(place), text)) {
                return place;
            }
        }
        return -1;
    }

    /** The options as an expectation in a message: {@code 0 k3, 1 k5}. */
    String expectation() {
        StringBuilder text = new StringBuilder();
        for (Option option : options) {
            text.append(text.isEmpty() ? "" : ", ").append(option.index()).append(' ').append(option.name());
        }
        return text.toString();
    }

    /**
     * Checks one value for every gene.
     *
     * @throws IllegalArgumentException if there are too few or many, or one is out of range
     */
    static void requireValues(String space, List<Gene> genes, int[] values) {
        if (values.length != genes.size()) {
            throw new IllegalArgumentException(space + ": " + values.length + " gene values (expected: " + genes.size() + ")");
        }
        for (int i = 0; i < values.length; i++) {
            if (values[i] < 0 || values[i] >= genes.get(i).size()) {
                throw new IllegalArgumentException(genes.get(i).name() + ": position " + values[i]
                    + " (expected: 0 to " + (genes.get(i).size() - 1) + ")");
            }
        }
    }
}
