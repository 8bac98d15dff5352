package dev.lutra.search.nao;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.training.GradientCollector;
import dev.lutra.supernet.IntraOpThreads;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * The three networks of NAO in the sizes of its second version (Luo et al. 2018, and its released code). An encoder, an LSTM, reads an
 * architecture; its normalised outputs, one for every two genes, are the embedding {@code e}. A predictor tells from their mean how good it is.
 * A decoder, an LSTM that begins from the mean and attends to {@code e}, writes the architecture down again. As the three are learned
 * together, a step along the gradient of the prediction leads to an embedding of which the decoder writes what may be better.
 *
 * <p>What is learned follows from the generator and the data: libtorch computes with one thread here.
 */
public final class Autoencoder implements AutoCloseable {

    private static final int HIDDEN = 64;
    private static final int EMBEDDED = 32;
    private static final int LARGEST_BATCH = 100;
    private static final int LEAST_STEPS = 10; // an epoch, as a first pool of 1,000 has
    private static final double RATE = 1e-3;
    private static final double LONGEST_GRADIENT = 5;
    private static final float PREDICTION = 0.8f; // of the loss; the rest is the reconstruction's
    private static final float NEVER = -1e9f;

    private final NDManager arrays = NDManager.newBaseManager(Device.cpu());
    private final Words words;
    private final Random random;
    private final Weights weights;
    private final int merged;

    /**
     * Networks that know nothing.
     *
     * @param random of first weights and of the order in which architectures are shown
     */
    public Autoencoder(Words words, Random random) {
        this.words = words;
        this.random = random;
        merged = words.length() % 2 == 0 ? 2 : 1;
        weights = new Weights(arrays, random);
        weights.addEmbedding("encoder.words", words.count(), EMBEDDED);
        addLstm("encoder", merged * EMBEDDED);
        weights.add("predictor.weight", HIDDEN, HIDDEN, 1);
        weights.add("predictor.bias", HIDDEN, 1);
        weights.addEmbedding("decoder.words", words.count(), HIDDEN);
        addLstm("decoder", HIDDEN);
        weights.add("attention.query", HIDDEN, HIDDEN, HIDDEN);
        weights.add("attention.joined", 2 * HIDDEN, 2 * HIDDEN, HIDDEN);
        weights.add("out.weight", HIDDEN, HIDDEN, words.count());
        weights.add("out.bias", HIDDEN, words.count());
    }

    private void addLstm(String name, int inputs) {
        int gates = 4 * HIDDEN;
        weights.add(name + ".inputs", HIDDEN, gates, inputs);
        weights.add(name + ".hidden", HIDDEN, gates, HIDDEN);
        weights.add(name + ".input-bias", HIDDEN, gates);
        weights.add(name + ".hidden-bias", HIDDEN, gates);
    }

    /**
     * Learns how good architectures are, and to write them down.
     *
     * @param values for each the positions of its options
     * @param worths from 0, the worst, to 1
     * @param epochs how often each is shown
     */
    public void learn(int[][] values, double[] worths, int epochs) {
        int batch = Math.min(LARGEST_BATCH, Math.max(1, values.length / LEAST_STEPS));
        alone(() -> {
            List<Integer> order = new ArrayList<>(IntStream.range(0, values.length).boxed().toList());
            for (int epoch = 0; epoch < epochs; epoch++) {
                Collections.shuffle(order, random);
                for (int from = 0; from < order.size(); from += batch) {
                    int[] shown = order.subList(from, Math.min(from + batch, order.size())).stream().mapToInt(i -> i).toArray();
                    step(Arrays.stream(shown).mapToObj(i -> values[i]).toArray(int[][]::new),
                        Arrays.stream(shown).mapToDouble(i -> worths[i]).toArray());
                }
            }
        });
    }

    private void step(int[][] values, double[] worths) {
        try (NDManager step = arrays.newSubManager()) {
            NDArray read = sequences(step, values);
            NDArray written = NDArrays.concat(new NDList(step.zeros(new Shape(values.length, 1), DataType.INT64),
                read.get(":, :-1")), 1);
            NDArray wanted = step.create(floats(worths), new Shape(values.length, 1));
            weights.beginStep(step);
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                NDArray outputs = encoded(read);
                NDArray mean = mean(outputs);
                NDArray error = predicted(mean).sub(wanted).square().mean();
                State begin = State.of(mean);
                NDArray likelihoods = attended(decoder(written, begin).get(0), outputs).logSoftmax(2).gather(read.expandDims(2), 2);
                // arrays of the step's, as DJL gives back what it makes of a number before the gradient is asked for
                collector.backward(error.mul(step.create(PREDICTION)).sub(likelihoods.mean().mul(step.create(1 - PREDICTION))));
            }
            weights.endStep(step, RATE, LONGEST_GRADIENT);
        }
    }

    /** How good architectures are, as it thinks: from 0 to 1. */
    public double[] predict(int[][] values) {
        double[] worths = new double[values.length];
        alone(() -> {
            try (NDManager step = arrays.newSubManager()) {
                float[] found = predicted(mean(encoded(sequences(step, values)))).toFloatArray();
                Arrays.setAll(worths, i -> found[i]);
            }
        });
        return worths;
    }

    /**
     * What is written of embeddings a step from those of some architectures, along the gradient of the prediction.
     *
     * @param length of the step: the gradient is multiplied by it; 0 for the architectures as they are
     * @param offered for every gene the positions of options that may be written
     * @return for each the positions of its options
     */
    public int[][] improved(int[][] values, double length, int[][] offered) {
        int[][] written = new int[values.length][words.length()];
        alone(() -> {
            try (NDManager step = arrays.newSubManager()) {
                NDArray outputs = encoded(sequences(step, values)).stopGradient();
                outputs.setRequiresGradient(true);
                try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                    collector.backward(predicted(mean(outputs)).sum());
                }
                NDArray gradient = outputs.getGradient();
                gradient.attach(step);
                NDArray moved = outputs.stopGradient().add(gradient.mul((float) length)).normalize(2, 2);
                write(step, moved, offered, written);
            }
        });
        return written;
    }

    /** Word after word, each the likeliest of those on offer. */
    private void write(NDManager step, NDArray outputs, int[][] offered, int[][] written) {
        State state = State.of(mean(outputs));
        NDArray last = step.zeros(new Shape(written.length, 1), DataType.INT64);
        for (int gene = 0; gene < words.length(); gene++) {
            float[] mask = new float[words.count()];
            Arrays.fill(mask, NEVER);
            for (int position : offered[gene]) {
                mask[words.word(gene, position)] = 0;
            }
            NDList next = decoder(last, state);
            state = new State(next.get(1), next.get(2));
            NDArray likeliest = attended(next.get(0), outputs).add(step.create(mask)).argMax(2);
            last = likeliest;
            long[] chosen = likeliest.toLongArray();
            for (int i = 0; i < chosen.length; i++) {
                written[i][gene] = position(gene, chosen[i], offered[gene]);
            }
        }
    }

    private int position(int gene, long word, int[] offered) {
        return Arrays.stream(offered).filter(position -> words.word(gene, position) == word).findFirst().orElseThrow();
    }

    private NDArray sequences(NDManager step, int[][] values) {
        long[] all = Arrays.stream(values).map(words::read).flatMapToLong(Arrays::stream).toArray();
        return step.create(all, new Shape(values.length, words.length()));
    }

    /** Of {@code [n, genes]} words the normalised outputs {@code [n, steps, HIDDEN]}. */
    private NDArray encoded(NDArray read) {
        NDArray embedded = embedded("encoder.words", read).reshape(read.getShape().get(0), words.length() / merged, (long) merged * EMBEDDED);
        NDArray zeros = read.getManager().zeros(new Shape(1, read.getShape().get(0), HIDDEN));
        return lstm("encoder", embedded, new State(zeros, zeros)).get(0).normalize(2, 2);
    }

    private static NDArray mean(NDArray outputs) {
        return outputs.mean(new int[]{1}).normalize(2, 1);
    }

    private NDArray predicted(NDArray mean) {
        return mean.matMul(weights.get("predictor.weight")).add(weights.get("predictor.bias")).getNDArrayInternal().sigmoid();
    }

    private NDList decoder(NDArray written, State state) {
        return lstm("decoder", embedded("decoder.words", written), state);
    }

    /** Of {@code [n, words, HIDDEN]} outputs of the decoder, logits of the words {@code [n, words, count]}. */
    private NDArray attended(NDArray decoded, NDArray outputs) {
        NDArray shares = decoded.matMul(weights.get("attention.query")).matMul(outputs.transpose(0, 2, 1)).softmax(2);
        NDArray joined = NDArrays.concat(new NDList(shares.matMul(outputs), decoded), 2);
        return joined.matMul(weights.get("attention.joined")).tanh().matMul(weights.get("out.weight")).add(weights.get("out.bias"));
    }

    private NDArray embedded(String name, NDArray read) {
        return read.getNDArrayInternal().embedding(read, weights.get(name), SparseFormat.DENSE).singletonOrThrow();
    }

    /** What an LSTM remembers, {@code [1, n, HIDDEN]} each. */
    private record State(NDArray hidden, NDArray cell) {

        static State of(NDArray mean) {
            NDArray both = mean.expandDims(0);
            return new State(both, both);
        }
    }

    /** Outputs {@code [n, steps, HIDDEN]}, then the state after them. */
    private NDList lstm(String name, NDArray inputs, State state) {
        NDList of = new NDList(weights.get(name + ".inputs"), weights.get(name + ".hidden"), weights.get(name + ".input-bias"),
            weights.get(name + ".hidden-bias"));
        return inputs.getNDArrayInternal().lstm(inputs, new NDList(state.hidden(), state.cell()), of, true, 1, 0, true, false, true);
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    /** The number of threads decides the order of sums. */
    private static void alone(Runnable work) {
        IntraOpThreads.useOne();
        try {
            work.run();
        } finally {
            IntraOpThreads.useConfigured();
        }
    }

    @Override
    public void close() {
        arrays.close();
    }
}
