package dev.lutra.space;

import java.util.List;

/**
 * One decision of a space. Genes are not layers: a layer may have several, and a cell's gene shapes many layers.
 *
 * @param name unique in the space: {@code layer3.choice}, {@code layer3.scale}
 * @param options what may be chosen here, at least one
 */
public record Gene(String name, List<Option> options) {

    /**
     * One possible value of a gene.
     *
     * @param name how people write it: {@code k5e6}, {@code 1.4}
     * @param index how publications number it; positions that a gene forbids leave gaps
     */
    public record Option(String name, int index) {}

    public Gene {
        options = List.copyOf(options);
        if (options.isEmpty()) {
            throw new IllegalArgumentException(name + ": no options (expected: at least one)");
        }
    }

    public int size() {
        return options.size();
    }

    /**
     * Position in {@link #options()} of an option written by name or by index.
     *
     * @return −1 if there is none
     */
    int position(String text) {
        for (int i = 0; i < options.size(); i++) {
            Option option = options.get(i);
            if (option.name().equals(text) || Integer.toString(option.index()).equals(text)) {
                return i;
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
}
