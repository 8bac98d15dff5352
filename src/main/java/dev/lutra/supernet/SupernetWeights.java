package dev.lutra.supernet;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.lutra.network.RandomWeights;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The shared tensors of a space and their momentum, as arrays that live until {@link #close}. A tensor comes into being
 * when it is first asked for, with values that depend on the seed and its name only.
 *
 * <p>Running statistics of batch norm are not among them: what is right for one subnet is wrong for the others, so every
 * subnet has its own, measured when it is evaluated. Several threads may read at once; only one may train, and while it does
 * nobody else reads.
 */
public final class SupernetWeights implements WeightSource, AutoCloseable {

    /** What ends the name, in a checkpoint, of the momentum of a tensor. */
    public static final String MOMENTUM = ".momentum";

    private final RandomWeights initial;
    private final NDManager arrays;
    private final Map<String, NDArray> tensors = new HashMap<>();
    private final Map<String, NDArray> momenta = new TreeMap<>();
    private final Map<String, NDArray> bases = new TreeMap<>();
    private final SortedMap<String, float[]> measured = new TreeMap<>();
    private final Map<Extra, Map<String, NDArray>> extras = new EnumMap<>(Extra.class);

    /** What some trainings keep of a tensor besides its momentum. */
    public enum Extra {
        /** A decaying mean of its squared gradients. */
        SQUARE,
        /** How many steps have moved it: one number. */
        STEPS,
        /** A decaying mean of its values, which is used in their place when training is over. */
        AVERAGE
    }

    /**
     * @param seed of the first values
     * @param device where the tensors live
     */
    public SupernetWeights(long seed, Device device) {
        initial = new RandomWeights(seed);
        arrays = NDManager.newBaseManager(device);
        for (Extra kind : Extra.values()) {
            extras.put(kind, new TreeMap<>());
        }
    }

    /** The current values. */
    @Override
    public synchronized float[] read(Weight weight) {
        requireShared(weight.tensor());
        NDArray tensor = tensors.get(weight.tensor().name());
        return tensor == null ? initial.read(weight) : weight.cut(tensor.toFloatArray());
    }

    private static void requireShared(SharedTensor tensor) {
        if (!tensor.role().isParameter()) {
            throw new IllegalArgumentException(tensor.name() + ": not in a supernet (expected: from a subnet's own statistics)");
        }
    }

    /** Where the tensors live. */
    public Device device() {
        return arrays.getDevice();
    }

    /** A manager for arrays that use these tensors; closing it leaves the tensors. */
    public NDManager newManager() {
        return arrays.newSubManager();
    }

    /** The whole tensor, owned here. */
    public synchronized NDArray tensor(SharedTensor tensor) {
        requireShared(tensor);
        return tensors.computeIfAbsent(tensor.name(), name -> own(initial.read(tensor), Views.shape(Weight.whole(tensor))));
    }

    /** The momentum of the whole tensor, owned here; what has one is learned and belongs in a checkpoint. */
    public NDArray momentum(SharedTensor tensor) {
        return momenta.computeIfAbsent(tensor.name(), name -> arrays.zeros(Views.shape(Weight.whole(tensor))));
    }

    /** Something else that is kept of the whole tensor, owned here, in the tensor's shape; zeros at first. */
    public NDArray extra(Extra kind, SharedTensor tensor) {
        return extras.get(kind).computeIfAbsent(tensor.name(), name -> arrays.zeros(Views.shape(Weight.whole(tensor))));
    }

    /** Counts a step that moves a tensor. */
    public long countStep(SharedTensor tensor) {
        NDArray steps = extras.get(Extra.STEPS).computeIfAbsent(tensor.name(), name -> arrays.zeros(new Shape(1)));
        steps.addi(1);
        return (long) steps.getFloat();
    }

    /** What else is kept of tensors, by name of the tensor, sorted. */
    public Map<String, NDArray> extras(Extra kind) {
        return extras.get(kind);
    }

    /** Takes what else was kept of a tensor when a checkpoint was written. */
    public void restoreExtra(Extra kind, String name, List<Integer> dims, float[] values) {
        put(extras.get(kind), name, dims, values);
    }

    /** Mean and variance of batch norm that one network was measured to have after its training, by name; empty without such a measurement. */
    public SortedMap<String, float[]> measured() {
        return measured;
    }

    /** Keeps what batch norm was measured to have. */
    public void measured(Map<String, float[]> statistics) {
        measured.putAll(statistics);
    }

    /** The tensor as it is used: on average, where that is kept. */
    public NDArray used(SharedTensor tensor) {
        NDArray average = extras.get(Extra.AVERAGE).get(tensor.name());
        return average == null ? tensor(tensor) : average;
    }

    /**
     * Moves the average of every learned tensor towards its values: {@code average = decay · average + (1 − decay) · value}. A tensor
     * that has none yet begins with its values.
     *
     * @param decay 0 to below 1
     */
    public void average(double decay) {
        Map<String, NDArray> averages = extras.get(Extra.AVERAGE);
        momenta.keySet().forEach(name -> {
            NDArray average = averages.get(name);
            if (average == null) {
                NDArray begun = tensors.get(name).duplicate();
                begun.attach(arrays);
                averages.put(name, begun);
            } else {
                try (NDArray share = tensors.get(name).mul((float) (1 - decay))) {
                    average.muli((float) decay).addi(share);
                }
            }
        });
    }

    /** From now on tensors are what they were on average, where that was kept. Training does not go on after this. */
    public void useAverages() {
        extras.get(Extra.AVERAGE).forEach((name, average) -> tensors.put(name, average).close());
        extras.get(Extra.AVERAGE).clear();
    }

    /** Momenta of every tensor learned so far, by name of the tensor, sorted. */
    public Map<String, NDArray> momenta() {
        return momenta;
    }

    /** A learned tensor. */
    public NDArray learned(String name) {
        return tensors.get(name);
    }

    /** Whether a step has used the tensor, or it was given its values. */
    public boolean isLearned(SharedTensor tensor) {
        return momenta.containsKey(tensor.name());
    }

    /** The values, row-major, that a tensor has before it is learned. */
    public float[] first(SharedTensor tensor) {
        return initial.read(tensor);
    }

    /** Gives a tensor that is not learned yet its values, row-major; one that is stays as it is. */
    public void start(SharedTensor tensor, float[] values) {
        if (!isLearned(tensor)) {
            set(tensor, values);
        }
    }

    /** Gives a tensor its values, row-major. Its momentum stays, and its average, which was of other values, begins anew. */
    public void set(SharedTensor tensor, float[] values) {
        try (NDArray before = tensors.put(tensor.name(), own(values, Views.shape(Weight.whole(tensor))));
            NDArray average = extras.get(Extra.AVERAGE).remove(tensor.name())) {
            momentum(tensor); // so that a checkpoint holds it
        }
    }

    /** From now on {@link #base} is what every learned tensor is now. */
    public void rebase() {
        momenta.keySet().forEach(name -> {
            NDArray now = tensors.get(name).duplicate();
            now.attach(arrays);
            setBase(name, now);
        });
    }

    /** The values, row-major, that a tensor had when {@link #rebase} was last called, or else before it was learned. */
    public float[] base(SharedTensor tensor) {
        NDArray base = bases.get(tensor.name());
        return base == null ? first(tensor) : base.toFloatArray();
    }

    /** Bases that are not the first values, by name of the tensor, sorted. */
    public Map<String, NDArray> bases() {
        return bases;
    }

    private void setBase(String name, NDArray base) {
        NDArray before = bases.put(name, base);
        if (before != null) {
            before.close();
        }
    }

    /** All tensors are again as if nothing had been learned. */
    public void forget() {
        List<Map<String, NDArray>> all = new ArrayList<>(List.of(tensors, momenta, bases));
        all.addAll(extras.values());
        for (Map<String, NDArray> kept : all) {
            kept.values().forEach(NDArray::close);
            kept.clear();
        }
        measured.clear();
    }

    /**
     * In the place of every learned tensor there are copies of it from now on, with all that is kept of it but its base.
     *
     * @param parts what ends the names of the copies
     */
    public void divide(List<String> parts) {
        List<Map<String, NDArray>> all = new ArrayList<>(List.of(momenta));
        all.addAll(extras.values());
        all.add(tensors);
        List<String> learned = List.copyOf(momenta.keySet());
        for (Map<String, NDArray> kept : all) {
            learned.stream().filter(kept::containsKey).forEach(name -> {
                try (NDArray one = kept.remove(name)) {
                    parts.forEach(part -> {
                        NDArray own = one.duplicate();
                        own.attach(arrays);
                        kept.put(name + part, own);
                    });
                }
            });
        }
        bases.values().forEach(NDArray::close);
        bases.clear();
    }

    /** Whether everything that is learned is a finite number. */
    public boolean areFinite() {
        return momenta.keySet().stream().allMatch(name -> {
            try (NDArray sum = tensors.get(name).sum()) {
                return Float.isFinite(sum.getFloat());
            }
        });
    }

    /** Takes a tensor as it was when a checkpoint was written. */
    public void restore(String name, List<Integer> dims, float[] values) {
        put(tensors, name, dims, values);
    }

    /** Takes the momentum of a tensor as it was when a checkpoint was written. */
    public void restoreMomentum(String name, List<Integer> dims, float[] momentum) {
        put(momenta, name, dims, momentum);
    }

    /** Takes the base of a tensor as it was when a checkpoint was written. */
    public void restoreBase(String name, List<Integer> dims, float[] base) {
        setBase(name, own(base, shape(dims)));
    }

    private void put(Map<String, NDArray> kept, String name, List<Integer> dims, float[] values) {
        NDArray before = kept.put(name, own(values, shape(dims)));
        if (before != null) {
            before.close();
        }
    }

    /** All that is learned, but for bases: a training that goes on from it takes the same steps until it is asked for an angle. */
    public LearnedState state() {
        TreeMap<String, LearnedState.Part> arrays = new TreeMap<>();
        momenta.forEach((name, momentum) -> {
            arrays.put(name, part(tensors.get(name)));
            arrays.put(name + MOMENTUM, part(momentum));
        });
        extras.forEach((kind, kept) -> kept.forEach((name, values) -> arrays.put(name + suffix(kind), part(values))));
        return new LearnedState(arrays);
    }

    /** Takes what is learned elsewhere, in the place of what was learned here of the same tensors. */
    public void take(LearnedState state) {
        state.arrays().forEach((name, part) -> {
            Optional<Extra> extra = Arrays.stream(Extra.values()).filter(kind -> name.endsWith(suffix(kind))).findFirst();
            if (name.endsWith(MOMENTUM)) {
                restoreMomentum(name.substring(0, name.length() - MOMENTUM.length()), part.extents(), part.values());
            } else if (extra.isPresent()) {
                restoreExtra(extra.get(), name.substring(0, name.length() - suffix(extra.get()).length()), part.extents(), part.values());
            } else {
                restore(name, part.extents(), part.values());
            }
        });
    }

    private static LearnedState.Part part(NDArray array) {
        return new LearnedState.Part(Arrays.stream(array.getShape().getShape()).mapToInt(Math::toIntExact).toArray(), array.toFloatArray());
    }

    /** What ends the name, in a checkpoint, of what else is kept of a tensor. */
    public static String suffix(Extra kind) {
        return "." + kind.name().toLowerCase(Locale.ROOT);
    }

    private static Shape shape(List<Integer> dims) {
        return new Shape(dims.stream().mapToLong(Integer::longValue).toArray());
    }

    private NDArray own(float[] values, Shape shape) {
        return Views.own(values, shape, arrays);
    }

    @Override
    public void close() {
        arrays.close();
    }
}
