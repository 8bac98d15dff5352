package dev.lutra.search;

import dev.lutra.InputException;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How an architecture becomes the numbers that a predictor of accuracies takes. */
public enum Encoding {

    /** For every gene in order one number an option: 1 for the one that is chosen, else 0. */
    ONE_HOT {
        @Override
        public int width(SearchSpace space) {
            return space.genes().stream().mapToInt(Gene::size).sum();
        }

        @Override
        public float[] encode(SearchSpace space, Architecture architecture) {
            float[] numbers = new float[width(space)];
            int first = 0;
            for (int gene = 0; gene < space.genes().size(); gene++) {
                numbers[first + architecture.value(gene)] = 1;
                first += space.genes().get(gene).size();
            }
            return numbers;
        }
    },

    /**
     * That of Once-for-all's released predictor: for each of 20 layers which kernel of 3, 5, 7, then for each which expansion of 3, 4,
     * 6, then which image size of 112, 128, … 224. A stage of four layers has its blocks in front and zeros for those it lacks.
     */
    OFA {
        @Override
        public int width(SearchSpace space) {
            requireOnceForAll(space);
            return 2 * OFA_LAYERS * OFA_CHOICES + OFA_SIZES;
        }

        @Override
        public float[] encode(SearchSpace space, Architecture architecture) {
            float[] numbers = new float[width(space)];
            for (int stage = 0; stage < OFA_LAYERS / OFA_STAGE; stage++) {
                List<Matcher> blocks = new ArrayList<>();
                for (int layer = stage * OFA_STAGE; layer < (stage + 1) * OFA_STAGE; layer++) {
                    Matcher block = OFA_BLOCK.matcher(space.genes().get(layer).options().get(architecture.value(layer)).name());
                    if (block.matches()) {
                        blocks.add(block);
                    }
                }
                for (int i = 0; i < blocks.size(); i++) {
                    int layer = stage * OFA_STAGE + i;
                    numbers[layer * OFA_CHOICES + "357".indexOf(blocks.get(i).group(1))] = 1;
                    numbers[(OFA_LAYERS + layer) * OFA_CHOICES + "346".indexOf(blocks.get(i).group(2))] = 1;
                }
            }
            numbers[2 * OFA_LAYERS * OFA_CHOICES + (space.input().height() - OFA_SMALLEST) / OFA_SIZE_STEP] = 1;
            return numbers;
        }
    };

    private static final Pattern OFA_BLOCK = Pattern.compile("k([357])e([346])");
    private static final int OFA_LAYERS = 20;
    private static final int OFA_STAGE = 4;
    private static final int OFA_CHOICES = 3;
    private static final int OFA_SIZES = 8;
    private static final int OFA_SMALLEST = 112;
    private static final int OFA_SIZE_STEP = 16;

    /** What an experiment file calls it. */
    public String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * How many numbers an architecture becomes.
     *
     * @throws InputException if the encoding is not for such spaces
     */
    public abstract int width(SearchSpace space);

    /**
     * The numbers.
     *
     * @throws InputException if the encoding is not for such spaces
     */
    public abstract float[] encode(SearchSpace space, Architecture architecture);

    private static void requireOnceForAll(SearchSpace space) {
        boolean fits = space.genes().size() == OFA_LAYERS && space.genes().stream().flatMap(gene -> gene.options().stream())
            .allMatch(option -> option.name().equals("skip") || OFA_BLOCK.matcher(option.name()).matches());
        if (!fits) {
            throw new InputException("accuracy.encoding: ofa, for " + space.name() + " (expected: a space of " + OFA_LAYERS
                + " layers of k3e3 to k7e6 and skip, as ofa-mobilenetv3-12)");
        }
        int beyond = space.input().height() - OFA_SMALLEST;
        if (!space.imageSize().isSquare() || beyond < 0 || beyond % OFA_SIZE_STEP != 0 || beyond / OFA_SIZE_STEP >= OFA_SIZES) {
            throw new InputException("accuracy.encoding: ofa, for images of " + space.imageSize()
                + " pixels (expected: 112, 128, 144, 160, 176, 192, 208 or 224)");
        }
    }
}
