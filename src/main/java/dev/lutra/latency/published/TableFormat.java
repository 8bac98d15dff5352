package dev.lutra.latency.published;

import dev.lutra.InputException;
import dev.lutra.latency.published.Figures.Columns;
import dev.lutra.latency.published.Figures.Spread;
import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.proto.Device;
import dev.lutra.proto.Runtime;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The published tables that can be imported: how each names its entries, on what it was measured, which spaces it is about. */
public enum TableFormat {

    PROXYLESSNAS(KeyNames.partByPart(new ProxylessKeys()), device("pixel1", "Google Pixel 1"), tflite(0), 1,
        "han-cai/files, proxylessnas/mobile_trim.yaml: ProxylessNAS on a Google Pixel 1",
        List.of("proxylessnas-24", "proxylessnas", "fairnas")) {
        @Override
        void read(Path file, Figures figures) {
            Spread spread = new Spread("var", "var", true);
            if (isYaml(file)) {
                figures.readYaml(file, spread, key -> key);
            } else {
                figures.readCsv(file, new Columns(List.of("key"), cells -> cells.get(0), "mean_ms", 0, Optional.of("count"),
                    Optional.of(spread)));
            }
        }
    },

    OFA(KeyNames.partByPart(new OfaKeys()), device("note10", "Samsung Galaxy Note 10"), tflite(0), 1,
        "han-cai/files, ofa/note10/*_lookup_table.yaml: Once-for-all on a Samsung Galaxy Note 10",
        List.of("ofa-mobilenetv3-12")) {
        @Override
        void read(Path file, Figures figures) {
            Spread spread = new Spread("std_ms", "std", false);
            if (isYaml(file)) {
                String size = imageSize(file);
                figures.readYaml(file, spread, key -> OfaKeys.atSize(size, key));
            } else {
                figures.readCsv(file, new Columns(List.of("resolution", "key"),
                    cells -> OfaKeys.atSize(cells.get(0), cells.get(1)), "mean_ms", 0, Optional.of("count"), Optional.of(spread)));
            }
        }

        /** The original files say their image size only in their names. */
        private String imageSize(Path file) {
            Matcher name = Pattern.compile("(\\d+)_.*").matcher(file.getFileName().toString());
            if (!name.matches()) {
                throw InputException.in(file, "no image size (expected: a name like 224_lookup_table.yaml)");
            }
            return name.group(1);
        }

        @Override
        List<Integer> imageSizes(Figures figures) {
            return List.copyOf(figures.keys().stream().map(key -> key.replaceFirst("^r(\\d{1,4}) .*", "$1"))
                .filter(size -> size.matches("\\d+")).map(Integer::valueOf).collect(Collectors.toCollection(TreeSet::new)));
        }
    },

    SINGLEPATH(new SinglePathKeys(), device("pixel1", "Google Pixel 1"), tflite(1), 1,
        "dstamoulis/single-path-nas (Apache-2.0), nas-search/pixel1_runtime_model.json: Single-Path NAS on a Google Pixel 1",
        List.of(SinglePathKeys.SPACE)) {

        /** Stem, first and last block, head: a constant in the publisher's code, not in its file. */
        private static final double FIXED_MILLIS = 19.5999;

        @Override
        void read(Path file, Figures figures) {
            if (file.toString().endsWith(".json")) {
                figures.readLayers(file);
            } else {
                Function<List<String>, String> name = cells -> SinglePathKeys.layer(cells.get(0), cells.get(1));
                figures.readCsv(file, new Columns(List.of("layer", "op"), name, "ms", 0, Optional.empty(), Optional.empty()));
            }
            figures.add(SinglePathKeys.FIXED, new Figure(FIXED_MILLIS, 0, 0));
            figures.add(SinglePathKeys.IN_FIXED, new Figure(0, 0, 0));
        }
    },

    TFNAS_CPU(new TfNasKeys(), device("xeon-gold-6130", "Intel Xeon Gold 6130"), pytorch("cpu"), 1,
        "AberHu/TF-NAS (MIT), latency_pkl/latency_cpu.pkl: TF-NAS on an Intel Xeon Gold 6130", List.of("tf-nas")) {
        @Override
        void read(Path file, Figures figures) {
            readTfNas(file, figures);
        }
    },

    TFNAS_GPU(new TfNasKeys(), device("titan-rtx", "NVIDIA Titan RTX"), pytorch("cuda"), 32,
        "AberHu/TF-NAS (MIT), latency_pkl/latency_gpu.pkl: TF-NAS on an NVIDIA Titan RTX", List.of("tf-nas")) {
        @Override
        void read(Path file, Figures figures) {
            readTfNas(file, figures);
        }
    };

    private static final double LEAST_OFFSET_MILLIS = -1000;

    private final KeyNames names;
    private final Device device;
    private final Runtime runtime;
    private final int batch;
    private final String source;
    private final List<String> spaces;

    TableFormat(KeyNames names, Device device, Runtime runtime, int batch, String source, List<String> spaces) {
        this.names = names;
        this.device = device;
        this.runtime = runtime;
        this.batch = batch;
        this.source = source;
        this.spaces = spaces;
    }

    /**
     * A format by name; {@code tfnas} is the one that the file's name says, by {@code cpu} or {@code gpu} in it.
     *
     * @throws InputException if there is no such format, or the name of the file does not tell
     */
    public static TableFormat named(String name, Path file) {
        if (name.equals("tfnas")) {
            String fileName = file.getFileName().toString().toLowerCase(Locale.ROOT);
            if (fileName.contains("cpu") == fileName.contains("gpu")) {
                throw InputException.in(file, "cpu or gpu? (expected: format tfnas-cpu or tfnas-gpu)");
            }
            return fileName.contains("cpu") ? TFNAS_CPU : TFNAS_GPU;
        }
        return Arrays.stream(values()).filter(format -> format.formatName().equals(name)).findFirst()
            .orElseThrow(() -> new InputException("format: " + name
                + " (expected: one of proxylessnas, ofa, singlepath, tfnas)"));
    }

    /** The format that a table was imported from, by its source. */
    public static Optional<TableFormat> of(dev.lutra.proto.LookupTable table) {
        return Arrays.stream(values()).filter(format -> format.source.equals(table.getSource())).findFirst();
    }

    public String formatName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** What the publisher calls the parts of a segment, whether it has figures for them or not; empty if it cannot name them. */
    public Optional<String> label(Network network, Segment segment) {
        return names.of(network, segment).map(keys -> String.join(" + ", keys));
    }

    /** Built-in spaces that the table has segments of. */
    public List<String> spaces() {
        return spaces;
    }

    /** Reads one of the publisher's files into {@code figures}. */
    abstract void read(Path file, Figures figures);

    /** Image sizes that the figures are for; empty: those of the spaces. */
    List<Integer> imageSizes(Figures figures) {
        return List.of();
    }

    KeyNames names() {
        return names;
    }

    public Device device() {
        return device;
    }

    public Runtime runtime() {
        return runtime;
    }

    /** Images a call. */
    public int batch() {
        return batch;
    }

    /** Where the figures are from: what a table imported from them says in its source. */
    public String source() {
        return source;
    }

    private static boolean isYaml(Path file) {
        return file.toString().endsWith(".yaml") || file.toString().endsWith(".yml");
    }

    private static void readTfNas(Path file, Figures figures) {
        Function<List<String>, String> name = cells -> cells.get(1).isEmpty()
            ? cells.get(0)
            : TfNasKeys.block(cells.get(0), cells.get(1));
        figures.readCsv(file, new Columns(List.of("key", "mid_index"), name, "ms", LEAST_OFFSET_MILLIS, Optional.empty(),
            Optional.empty()));
        figures.add(TfNasKeys.IN_BASE, new Figure(0, 0, 0));
    }

    private static Device device(String name, String model) {
        return Device.newBuilder().setName(name).setCpu(model).build();
    }

    /** @param threads 0 where the publisher does not say */
    private static Runtime tflite(int threads) {
        return Runtime.newBuilder().setName("tflite").setProvider("cpu").setThreads(threads).build();
    }

    private static Runtime pytorch(String provider) {
        return Runtime.newBuilder().setName("pytorch").setProvider(provider).build();
    }
}
