package dev.lutra.server.winner;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.latency.correction.Interval;
import dev.lutra.search.Candidate;
import dev.lutra.search.Measures;
import dev.lutra.server.outcome.InIntegers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The verification's outcome as a file for other programs. */
public final class WinnerFile {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

    private static final String NANOS = "Nanos";
    private static final String TARGET = "targetNanos";
    private static final String BYTES = "Bytes";
    private static final String NANOJOULES = "Nanojoules";
    private static final String DIFFERENCE = "outputDifference";
    private static final String AGREE = "numericsAgree";
    private static final String IN_INTEGERS = "int8";
    private static final int MOST_BYTES = 1 << 28;

    private WinnerFile() {}

    /**
     * What devices said of networks.
     *
     * @param confirmed what the search knew of those that they confirmed, by architecture
     * @param refused the same of those that they contradicted
     */
    public record Verdicts(Map<String, Measures> confirmed, Map<String, Measures> refused) {

        /** Nobody was asked. */
        public static final Verdicts NONE = new Verdicts(Map.of(), Map.of());

        /** Whether they confirmed it; with other weights, or another table, it is another candidate of the same architecture. */
        public boolean confirmed(Candidate candidate) {
            return candidate.measures().equals(confirmed.get(candidate.architecture().toString()));
        }

        /** Whether they refused it. */
        public boolean refused(Candidate candidate) {
            return candidate.measures().equals(refused.get(candidate.architecture().toString()));
        }
    }

    /**
     * What a file says of them.
     *
     * @throws InputException if the file is not what {@link #write} writes
     */
    public static Verdicts read(Path file) {
        Verdicts verdicts = new Verdicts(new HashMap<>(), new HashMap<>());
        for (Winner winner : winners(file)) {
            if (winner.isVerified()) {
                verdicts.confirmed.put(winner.architecture(), Measures.of(winner.measures()));
            } else if (winner.isRefused()) {
                verdicts.refused.put(winner.architecture(), Measures.of(winner.measures()));
            }
        }
        return verdicts;
    }

    /**
     * The winners of a file, in its order.
     *
     * @throws InputException if the file is not what {@link #write} writes
     */
    public static List<Winner> winners(Path file) {
        try {
            List<Winner> winners = new ArrayList<>();
            for (JsonNode node : JSON.readTree(InputFile.text(file, MOST_BYTES))) {
                List<Winner.Check> checks = new ArrayList<>();
                node.path("devices").properties().forEach(device -> checks.add(check(device.getKey(), device.getValue())));
                winners.add(new Winner(node.path("arch").asText(), node.path("file").asText(), measures(node), checks));
            }
            return winners;
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new InputException(file + ": not a list of winners: " + e.getMessage() + " (expected: as lutra verify writes it)", e);
        }
    }

    private static Winner.Check check(String name, JsonNode device) {
        return new Winner.Check(name, device.path("batch").asInt(1), number(device, TARGET), comparison(device, "limit", "predicted", "p50", NANOS),
            comparison(device, "p99Limit", "predictedP99", "p99", NANOS), comparison(device, "memoryLimit", "predictedMemory", "memory", BYTES),
            comparison(device, "energyLimit", "predictedEnergy", "energy", NANOJOULES),
            number(device, "p50NanosInFloat32"),
            device.has(IN_INTEGERS) ? Optional.of(inIntegers(device.path(IN_INTEGERS))) : Optional.empty(), device.path("p90Nanos").asLong(),
            device.path("runningMemoryBytes").asLong(),
            device.path(DIFFERENCE).asDouble(), device.path(AGREE).asBoolean(),
            device.path("learned").asBoolean() ? Optional.of(new Winner.Learned(number(device, "firstPredictedNanos"))) : Optional.empty());
    }

    private static InIntegers inIntegers(JsonNode file) {
        return new InIntegers(file.path("p50Nanos").asLong(), file.path(DIFFERENCE).asDouble(), file.path(AGREE).asBoolean());
    }

    private static Map<String, Double> measures(JsonNode winner) {
        Map<String, Double> measures = new TreeMap<>();
        winner.path("measures").properties().forEach(field -> measures.put(field.getKey(), field.getValue().asDouble()));
        return measures;
    }

    private static Comparison comparison(JsonNode device, String limit, String predicted, String measured, String unit) {
        return new Comparison(number(device, limit + unit), number(device, predicted + unit), interval(device, predicted, unit),
            device.path(measured + unit).asLong(), interval(device, measured, unit));
    }

    private static Optional<Long> number(JsonNode device, String name) {
        return device.has(name) ? Optional.of(device.path(name).asLong()) : Optional.empty();
    }

    private static Optional<Interval> interval(JsonNode device, String name, String unit) {
        return number(device, name + "Low" + unit).map(low -> new Interval(low, device.path(name + "High" + unit).asLong()));
    }

    public static void write(Path file, List<Winner> winners) {
        ArrayNode array = JSON.createArrayNode();
        for (Winner winner : winners) {
            ObjectNode node = array.addObject();
            node.put("arch", winner.architecture()).put("file", winner.file()).put("verified", winner.isVerified());
            node.set("measures", JSON.valueToTree(new TreeMap<>(winner.measures())));
            for (Winner.Check check : winner.checks()) {
                ObjectNode device = node.withObject("/devices").putObject(check.device());
                device.put("withinLimit", check.withinLimit()).put(DIFFERENCE, check.difference())
                    .put(AGREE, check.sameNumbers()).put("p50Nanos", check.latency().measured());
                if (check.batch() > 1) {
                    device.put("batch", check.batch()).put("p50NanosPerImage", (double) check.latency().measured() / check.batch());
                    if (check.energy().isTold()) {
                        device.put("energyNanojoulesPerImage", (double) check.energy().measured() / check.batch());
                    }
                }
                check.aim().ifPresent(nanos -> device.put(TARGET, nanos));
                check.fullNanos().ifPresent(nanos -> device.put("p50NanosInFloat32", nanos));
                check.integers().ifPresent(own -> device.putObject(IN_INTEGERS).put(DIFFERENCE, own.difference()).put(AGREE, own.numericsAgree())
                    .put("p50Nanos", own.p50Nanos()));
                putStated(device, "p90Nanos", check.p90Nanos());
                putStated(device, "p99Nanos", check.p99().measured());
                check.latency().relativeError().ifPresent(error -> device.put("relativeError", error));
                check.inside().ifPresent(inside -> device.put("inside", inside));
                check.learned().ifPresent(learned -> {
                    device.put("learned", true);
                    learned.firstPredictedNanos().ifPresent(first -> device.put("firstPredictedNanos", first));
                });
                putStated(device, "memoryBytes", check.memory().measured());
                putStated(device, "runningMemoryBytes", check.runningBytes());
                putStated(device, "energyNanojoules", check.energy().measured());
                put(device, check.latency(), "limit", "predicted", "p50", NANOS);
                put(device, check.p99(), "p99Limit", "predictedP99", "p99", NANOS);
                put(device, check.memory(), "memoryLimit", "predictedMemory", "memory", BYTES);
                put(device, check.energy(), "energyLimit", "predictedEnergy", "energy", NANOJOULES);
            }
        }
        try {
            AtomicFile.write(file, JSON.writeValueAsString(array) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree always writes", e);
        }
    }

    /** What was asked and predicted, and the ends of both intervals, as far as they are known. */
    private static void put(ObjectNode device, Comparison figure, String limit, String predicted, String measured, String unit) {
        figure.asked().ifPresent(bound -> device.put(limit + unit, bound));
        figure.predicted().ifPresent(value -> device.put(predicted + unit, value));
        figure.expected().ifPresent(interval -> put(device, predicted, interval, unit));
        figure.known().ifPresent(interval -> put(device, measured, interval, unit));
    }

    private static void put(ObjectNode device, String name, Interval interval, String unit) {
        device.put(name + "Low" + unit, interval.low()).put(name + "High" + unit, interval.high());
    }

    /** What too few samples, or a device, cannot tell is left out. */
    private static void putStated(ObjectNode device, String name, long value) {
        if (value > 0) {
            device.put(name, value);
        }
    }
}
