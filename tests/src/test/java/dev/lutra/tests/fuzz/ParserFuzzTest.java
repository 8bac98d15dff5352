package dev.lutra.tests.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.lutra.InputException;
import dev.lutra.cost.Cost;
import dev.lutra.csv.Csv;
import dev.lutra.data.image.ImageDecoder;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.published.PublishedTable;
import dev.lutra.latency.published.TableFormat;
import dev.lutra.network.RandomWeights;
import dev.lutra.onnx.ExportedNetwork;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.border.SelfContainedModel;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.OperatorSetIdProto;
import dev.lutra.proto.onnx.StringStringEntryProto;
import dev.lutra.search.AccuracyFile;
import dev.lutra.search.AccuracyTable;
import dev.lutra.search.CheapMeasures;
import dev.lutra.search.Front;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.space.TableSpace;
import dev.lutra.space.interchange.ArchitectureFile;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.weights.SafetensorsFile;
import dev.lutra.weights.TensorArchive;
import dev.lutra.weights.WeightMapping;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Whatever a file holds, who reads it either understands it or throws {@link InputException} with one line. In a build each
 * parser reads what lies in its folder of inputs; {@code tests/fuzz.sh} makes new ones.
 */
class ParserFuzzTest {

    private static final SearchSpace SPACE = SpaceFile.load("shufflenetv2-cifar");
    private static final SearchSpace SCALED = SpaceFile.parse("scaled", """
        name: scaled
        title: Choices of channel scales, and one without
        source: This test
        input: {channels: 3, size: 16}
        classes: 2
        scales: {2: 0.6, 4: 1.0, 5: 1.2}
        choices: {k3: {block: shuffle, kernel: 3}, xception: {block: shuffle-xception}, skip: {block: skip}}
        layers:
          - {name: stem, block: conv, kernel: 3, channels: 16}
          - {choices: [k3, xception, skip], channels: 32, repeat: 3, stride: 2}
          - {block: global-pool}
          - {block: linear}
        """);
    private static final SearchSpace CELLS = SpaceFile.load("nao-cell");
    private static final long MOST_VALUES = 1 << 20;
    private static final Duration MOST_TIME = Duration.ofSeconds(10);
    private static final long NANOS_A_PIXEL = 500;
    /** Those that have more are refused. */
    private static final long MOST_PIXELS = Integer.MAX_VALUE / 16;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** Reads a file of these bytes in bounded time; what is declared to be thrown has one line that begins with the file. */
    private static void read(String name, byte[] bytes, Reader reader) throws IOException {
        read(name, bytes, MOST_TIME, reader);
    }

    private static void read(String name, byte[] bytes, Duration most, Reader reader) throws IOException {
        Path folder = Files.createTempDirectory("lutra-fuzz");
        Path file = Files.write(folder.resolve(name), bytes);
        long begin = THREADS.getCurrentThreadCpuTime(); // other work on the machine is not the reader's
        try {
            reader.read(file);
        } catch (InputException e) {
            assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
        } finally {
            Files.delete(file);
            Files.delete(folder);
        }
        assertThat(Duration.ofNanos(THREADS.getCurrentThreadCpuTime() - begin)).as("time of the processor").isLessThan(most);
    }

    @FunctionalInterface
    private interface Reader {
        void read(Path file) throws IOException;
    }

    @FuzzTest(maxDuration = "10m")
    void experiment(byte[] text) throws IOException {
        read("experiment.yaml", text, ExperimentFile::read);
    }

    @FuzzTest(maxDuration = "10m")
    void space(byte[] text) throws IOException {
        read("space.yaml", text, file -> {
            SearchSpace space = SpaceFile.load(file.toString());
            Architecture architecture = space.random(new Random(1));
            assertThat(space.parse(architecture.toString())).isEqualTo(architecture);
            space.build(architecture);
        });
    }

    @FuzzTest(maxDuration = "10m")
    void architecture(byte[] text) throws IOException {
        for (SearchSpace space : List.of(SPACE, SCALED, CELLS)) {
            read("architecture", text, file -> {
                Architecture architecture = space.parse(new String(text, StandardCharsets.UTF_8));
                assertThat(space.parse(architecture.toString())).isEqualTo(architecture);
                space.build(architecture);
                SearchSpace other = space.withClasses(3).withImageSize(64);
                other.build(other.parse(architecture.toString()));
            });
        }
    }

    @FuzzTest(maxDuration = "10m")
    void othersArchitecture(byte[] text) throws IOException {
        read("net.config", text, file -> {
            ArchitectureFile read = ArchitectureFile.read(file);
            long macs = macs(read);
            for (Consumer<Path> writer : List.<Consumer<Path>>of(read::writeNetConfig, read::writeSubnet)) {
                writer.accept(file);
                assertThat(macs(ArchitectureFile.read(file))).isEqualTo(macs);
            }
        });
    }

    private static long macs(ArchitectureFile read) {
        return Cost.of(read.space().build(read.architecture()).ops()).macs();
    }

    @FuzzTest(maxDuration = "10m")
    void weightMapping(byte[] text) throws IOException {
        read("names.yaml", text, file -> WeightMapping.read(file).theirs("layer1.k3.expand.weight"));
    }

    @FuzzTest(maxDuration = "10m")
    void lookupTable(byte[] text) throws IOException {
        read("table.json", text, file -> {
            LookupTable table = LookupTable.load(file);
            use(table);
            table.save(file);
            assertThat(LookupTable.load(file).content()).isEqualTo(table.content());
        });
    }

    /** Of every publisher; the names that tell a format and an image size are given. */
    @FuzzTest(maxDuration = "10m")
    void publishedTable(byte[] text) throws IOException {
        for (TableFormat format : TableFormat.values()) {
            for (String name : List.of("224_table.yaml", "table.csv", "table.json")) {
                read(name, text, file -> PublishedTable.read(format, List.of(file)).imageSizes());
            }
        }
    }

    @FuzzTest(maxDuration = "10m")
    void tableSpace(byte[] text) throws IOException {
        read("space.csv", text, file -> {
            TableSpace space = TableSpace.load(file);
            space.rows().forEach(row -> assertThat(space.parse(row.toString())).isEqualTo(row));
        });
    }

    @FuzzTest(maxDuration = "10m")
    void csv(byte[] text) throws IOException {
        read("any.csv", text, file -> {
            Csv csv = Csv.read(file);
            StringBuilder again = new StringBuilder(Csv.line(csv.header()));
            csv.rows().forEach(row -> again.append(Csv.line(row.cells())));
            Path copy = Files.writeString(file, again);
            assertThat(Csv.read(copy).rows()).extracting(Csv.Row::cells)
                .isEqualTo(csv.rows().stream().map(Csv.Row::cells).toList());
            int column = csv.column(csv.header().get(0));
            csv.rows().forEach(row -> csv.number(row, column, 0, 1, "from 0 to 1"));
        });
    }

    @FuzzTest(maxDuration = "10m")
    void accuracyTable(byte[] text) throws IOException {
        read("accuracies.csv", text, file -> {
            AccuracyTable table = AccuracyFile.of(file).load(SPACE);
            table.find(table.architectures(), (architecture, accuracy) -> assertThat(accuracy).isBetween(0.0, 1.0));
            table.architectures().forEach(table.measures()::of);
            table.architectures().forEach(table.replacing(CheapMeasures.counted(SPACE, Map.of()))::of);
        });
    }

    @FuzzTest(maxDuration = "10m")
    void front(byte[] text) throws IOException {
        read("front.json", text, file -> {
            Front front = Front.readJson(file, SPACE);
            front.writeJson(file);
            assertThat(Front.readJson(file, SPACE).architectures()).isEqualTo(front.architectures());
            front.writeCsv(file);
            assertThat(Front.readCsv(file, SPACE).architectures()).isEqualTo(front.architectures());
        });
    }

    @FuzzTest(maxDuration = "10m")
    void safetensors(byte[] bytes) throws IOException {
        readSafetensors(bytes);
    }

    private static void readSafetensors(byte[] bytes) throws IOException {
        read("x.safetensors", bytes, file -> {
            readTensors(file);
            SafetensorsFile stored = SafetensorsFile.open(file);
            List<SafetensorsFile.Entry> tensors = stored.names().stream().filter(name -> isSmall(stored, name))
                .map(name -> new SafetensorsFile.Entry(name, stored.dims(name), new float[elements(stored, name)]::clone)).toList();
            Path copy = file.resolveSibling("copy.safetensors");
            try {
                SafetensorsFile.write(copy, stored.metadata(), tensors);
                assertThat(SafetensorsFile.open(copy).names()).hasSize(tensors.size()).isSubsetOf(stored.names());
                assertThat(SafetensorsFile.open(copy).metadata()).isEqualTo(stored.metadata());
            } finally {
                Files.deleteIfExists(copy);
            }
        });
        read("x.safetensors", bytes, Checkpoint::read);
    }

    private static boolean isSmall(TensorArchive archive, String name) {
        return archive.dims(name).stream().mapToDouble(Integer::doubleValue).reduce(1, (a, b) -> a * b) <= MOST_VALUES;
    }

    private static int elements(TensorArchive archive, String name) {
        return archive.dims(name).stream().mapToInt(Integer::intValue).reduce(1, (a, b) -> a * b);
    }

    /** The header alone, so that the length before it is always right. */
    @FuzzTest(maxDuration = "10m")
    void safetensorsHeader(byte[] header) throws IOException {
        byte[] file = ByteBuffer.allocate(8 + header.length + 64).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length)
            .put(header).array();
        readSafetensors(file);
    }

    /** The header alone, behind NumPy's signature and the right length. */
    @FuzzTest(maxDuration = "10m")
    void numpyHeader(byte[] header) throws IOException {
        read("x.npy", numpy(header, 64), ParserFuzzTest::readTensors);
    }

    private static byte[] numpy(byte[] header, int valueBytes) {
        return ByteBuffer.allocate(10 + header.length + valueBytes).order(ByteOrder.LITTLE_ENDIAN).put((byte) 0x93)
            .put("NUMPY".getBytes(StandardCharsets.US_ASCII)).put((byte) 1).put((byte) 0).putShort((short) header.length)
            .put(header).array();
    }

    @FuzzTest(maxDuration = "10m")
    void numpyArchive(byte[] bytes) throws IOException {
        read("x.npz", bytes, ParserFuzzTest::readTensors);
    }

    private static void readTensors(Path file) {
        TensorArchive archive = TensorArchive.open(file);
        for (String name : archive.names()) {
            if (isSmall(archive, name)) {
                archive.read(name);
            }
        }
    }

    @FuzzTest(maxDuration = "10m")
    void onnx(byte[] bytes) throws IOException {
        SelfContainedModel.problem(ByteBuffer.wrap(bytes)).ifPresent(problem -> assertThat(problem).isNotBlank());
        read("x.onnx", bytes, file -> ExportedNetwork.read(file).metadata());
    }

    @FuzzTest(maxDuration = "10m")
    void image(byte[] bytes) throws IOException {
        // what is lawful takes as long as its pixels, watched by the fuzzer some six times as long as by itself
        Duration most = MOST_TIME.plus(Duration.ofNanos(NANOS_A_PIXEL * statedPixels(bytes)));
        read("x.jpg", bytes, most, file -> {
            try {
                ImageDecoder.decode(file);
            } catch (FileSystemException e) {
                assertThat(e).as("the largest that are lawful").hasMessageContaining("fit into memory");
            }
        });
    }

    /** As many as an image says that it has, if one can tell; 0 for what is none. */
    private static long statedPixels(byte[] bytes) {
        try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(bytes))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                return 0;
            }
            ImageReader reader = readers.next();
            reader.setInput(in, true, true);
            return Math.min(MOST_PIXELS, (long) reader.getWidth(0) * reader.getHeight(0));
        } catch (IOException | RuntimeException e) {
            return 0;
        }
    }

    /** A table as it comes over the network rather than from a file. */
    @FuzzTest(maxDuration = "10m")
    void message(byte[] bytes) throws IOException {
        dev.lutra.proto.LookupTable table;
        try {
            table = dev.lutra.proto.LookupTable.parseFrom(bytes);
        } catch (InvalidProtocolBufferException e) {
            return;
        }
        read("message", bytes, file -> use(LookupTable.of(table)));
    }

    private static void use(LookupTable table) {
        new LatencyModel(table);
        assertThat(table.fileName()).isNotBlank();
        table.requireOneEstimator(table.networks());
        assertThat(table.extendedBy(table.entries()).entries()).isEqualTo(table.entries());
        for (Entry entry : table.entries()) {
            assertThat(table.ownNanos(entry.getKey())).isNotNegative();
            assertThat(table.without(List.of(entry.getKey())).timesForgotten(entry.getKey())).isPositive();
        }
    }

    /** Inputs that are no text, or that are computed, and so are no files here; {@code tests/fuzz.sh} begins with them too. */
    @TestFactory
    Stream<DynamicTest> binarySeeds() throws IOException {
        return Stream.of(seeds("architecture", this::architecture, architectures()), seeds("safetensors", this::safetensors, tensorFiles()),
            seeds("numpyArchive", this::numpyArchive, archives()), seeds("onnx", this::onnx, models()),
            seeds("image", this::image, ImageSeeds.all()), seeds("message", this::message, tables())).flatMap(List::stream);
    }

    private static List<DynamicTest> seeds(String parser, Target target, Stream<byte[]> seeds) throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (byte[] seed : seeds.toList()) {
            String name = "seed-" + tests.size();
            if (Boolean.getBoolean("jazzer.hooks")) {
                Path folder = Files.createDirectories(Path.of(".cifuzz-corpus", ParserFuzzTest.class.getName(), parser));
                Files.write(folder.resolve(name), seed);
            }
            tests.add(DynamicTest.dynamicTest(parser + " " + name, () -> target.read(seed)));
        }
        return tests;
    }

    @FunctionalInterface
    private interface Target {
        void read(byte[] bytes) throws IOException;
    }

    private static Stream<byte[]> architectures() {
        return Stream.of(SPACE, SCALED, CELLS).flatMap(space -> IntStream.range(0, 3).mapToObj(i -> space.random(new Random(i))))
            .map(architecture -> architecture.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static Stream<byte[]> tensorFiles() throws IOException {
        Path file = Files.createTempFile("lutra-fuzz", ".safetensors");
        SafetensorsFile.write(file, Map.of("from", "a seed"),
            List.of(new SafetensorsFile.Entry("x", List.of(2, 2), () -> new float[4])));
        byte[] bytes = Files.readAllBytes(file);
        Files.delete(file);
        return Stream.of(bytes);
    }

    private static Stream<byte[]> archives() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("x.npy"));
            byte[] header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }".getBytes(StandardCharsets.US_ASCII);
            zip.write(numpy(header, 16));
        }
        return Stream.of(bytes.toByteArray());
    }

    private static Stream<byte[]> models() {
        SearchSpace space = SpaceFile.parse("a seed", """
            name: seed
            title: Two networks
            source: This test
            input: {channels: 3, size: 8}
            classes: 2
            choices: {k3: {block: mb, kernel: 3, expand: 1}, k5: {block: mb, kernel: 5, expand: 1}}
            layers: [{choices: [k3, k5], channels: 3}, {block: global-pool}, {block: linear}]
            """);
        Architecture architecture = space.random(new Random(1));
        ModelProto exported = OnnxExporter.export(space.build(architecture), new RandomWeights(1), new OnnxOptions(true, OptionalInt.empty(),
            new ExportedNetwork(space, architecture, List.of("cat", "dog")).metadata()));
        return Stream.of(exported.toByteArray(),
            ModelProto.newBuilder().setIrVersion(8).addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(GraphProto.newBuilder().setName("seed")
                    .addNode(NodeProto.newBuilder().setOpType("Relu").addInput("x").addOutput("y")))
                .addMetadataProps(StringStringEntryProto.newBuilder().setKey("lutra.space").setValue("fairnas"))
                .build().toByteArray());
    }

    private static Stream<byte[]> tables() {
        Distribution latency = Distribution.newBuilder().setSamples(100).setP50Nanos(5000).setP99Nanos(6000)
            .setRelativeHalfWidth(0.01).build();
        return Stream.of(dev.lutra.proto.LookupTable.newBuilder().setFormat(LookupTable.FORMAT).setBatch(1)
            .setDevice(Device.newBuilder().setName("seed")).setRuntime(Runtime.newBuilder().setName("onnxruntime").setThreads(1))
            .addEntries(Entry.newBuilder().setKey("00000000000000aa").setSignature("in 3x8x8; conv k3 v0 to 8x8x8; out v1")
                .setLatency(latency))
            .build().toByteArray());
    }
}
