package dev.lutra.onnx;

/** Keys of the metadata that an exported file carries, so that it can say what made it. Values are text. */
public final class OnnxMetadata {

    /** Name of the search space. */
    public static final String SPACE = "lutra.space";

    /** Text of the space's file. */
    public static final String SPACE_DEFINITION = "lutra.space.definition";

    /** Side of the square images in pixels, or height by width: {@code 96x160}. */
    public static final String IMAGE_SIZE = "lutra.image-size";

    /** Number of outputs. */
    public static final String OUTPUTS = "lutra.outputs";

    /** Fingerprint of the network, {@link dev.lutra.network.Network#fingerprint}. */
    public static final String NETWORK = "lutra.network";

    /** Canonical text form of the architecture in that space. */
    public static final String ARCHITECTURE = "lutra.architecture";

    /** Class names in the order of the outputs, a JSON array; absent where the classes have no names. */
    public static final String CLASSES = "lutra.classes";

    /** What is subtracted from every channel (red, green, blue; pixels from 0 to 1), comma-separated. */
    public static final String DATA_MEAN = "lutra.data.mean";

    /** What every channel is then divided by, comma-separated. */
    public static final String DATA_DEVIATION = "lutra.data.deviation";

    /** How an image becomes input, before mean and deviation. */
    public static final String DATA_PREPARATION = "lutra.data.preparation";

    /**
     * Where an image may show several classes, the sigmoid of an output from which on it shows the class; absent where it shows one, that of the
     * highest output.
     */
    public static final String THRESHOLD = "lutra.threshold";

    /** Begins the names of what the weights follow from, in the words of the experiment file: {@code lutra.supernet.epochs}. */
    public static final String ORIGIN = "lutra.";

    /** Seed of the first weights. */
    public static final String SEED = ORIGIN + "seed";

    /** Where the weights come from: a checkpoint, or {@code random}. */
    public static final String WEIGHTS = "lutra.weights";

    /** What the file computes in: {@code float32} or {@code float16}. */
    public static final String PRECISION = "lutra.precision";

    /** Fingerprint of the network of real numbers that this one of few bits has its weights from; absent where it was trained as it is. */
    public static final String QUANTIZED = "lutra.quantized.network";

    /** Canonical text form of that network. */
    public static final String QUANTIZED_ARCHITECTURE = "lutra.quantized.architecture";

    /** Begins what a file was rewritten to, by the keys of {@link dev.lutra.onnx.deploy.Deployment}; absent where it was not. */
    public static final String DEPLOYMENT = ORIGIN + "deploy.";

    /** Version of Lutra that wrote the file; also the file's producer version. */
    public static final String VERSION = "lutra.version";

    private OnnxMetadata() {}
}
