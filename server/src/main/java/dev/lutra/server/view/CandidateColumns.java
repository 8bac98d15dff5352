package dev.lutra.server.view;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.lutra.csv.Csv;
import dev.lutra.search.Candidate;
import dev.lutra.search.Measure;
import dev.lutra.search.Measures;
import dev.lutra.server.event.RunEvent;
import dev.lutra.space.GeneSpace;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a search has evaluated, a column a measure: a hundred thousand of them fit into some ten megabytes. */
public final class CandidateColumns {

    private static final int FIRST_SIZE = 64;
    private static final JsonFactory JSON = new JsonFactory();

    private final Map<String, Integer> places = new HashMap<>();
    private final List<String> architectures = new ArrayList<>();
    private final SortedMap<String, double[]> columns = new TreeMap<>();
    private final BitSet over = new BitSet();

    /** Of candidates by architecture, in order. */
    static CandidateColumns of(Map<String, Measures> evaluated) {
        CandidateColumns columns = new CandidateColumns();
        evaluated.forEach((architecture, measures) -> columns.put(architecture, measures.values(), false));
        return columns;
    }

    /** As a run has told them, in the order of their numbers. */
    static CandidateColumns told(Collection<RunEvent.CandidateEvaluated> events) {
        CandidateColumns columns = new CandidateColumns();
        events.stream().sorted((a, b) -> Integer.compare(a.number(), b.number())).forEach(columns::put);
        return columns;
    }

    void put(RunEvent.CandidateEvaluated event) {
        put(event.architecture(), event.measures(), event.isOver());
    }

    private void put(String architecture, Map<String, Double> measures, boolean isOver) {
        int place = places.computeIfAbsent(architecture, text -> {
            architectures.add(text);
            return architectures.size() - 1;
        });
        measures.forEach((name, value) -> {
            double[] column = columns.computeIfAbsent(name, measure -> unknown(FIRST_SIZE));
            if (place >= column.length) {
                double[] longer = unknown(Math.max(2 * column.length, place + 1));
                System.arraycopy(column, 0, longer, 0, column.length);
                columns.put(name, column = longer);
            }
            column[place] = value;
        });
        over.set(place, isOver);
    }

    private static double[] unknown(int size) {
        double[] column = new double[size];
        Arrays.fill(column, Double.NaN);
        return column;
    }

    /** How many there are. */
    public int size() {
        return architectures.size();
    }

    /** How many of them were judged to the end. */
    int whole() {
        double[] stopped = columns.get(Measure.STOPPED_AFTER);
        return stopped == null
            ? size()
            : (int) Arrays.stream(stopped).limit(size()).filter(Double::isNaN).count()
                + Math.max(0, size() - stopped.length);
    }

    /** Measures that some candidate is told of; those of judging that was stopped are none. */
    List<String> measures() {
        return columns.keySet().stream().filter(name -> !name.equals(Measure.STOPPED_AFTER) && !name.equals(Measure.ACCURACY_AT_MOST)).toList();
    }

    private double value(double[] column, int place) {
        return place < column.length ? column[place] : Double.NaN;
    }

    private boolean isStopped(int place) {
        double[] stopped = columns.get(Measure.STOPPED_AFTER);
        return stopped != null && !Double.isNaN(value(stopped, place));
    }

    /** A candidate; over whether devices have measured that it misses a limit. */
    record Row(String architecture, Measures measures, boolean isOver) {

        /** To read very many architectures takes long, and not everybody needs them. */
        Candidate candidate(GeneSpace space) {
            return new Candidate(space.parse(architecture), measures);
        }
    }

    /** Those that were judged to the end and tell all of some measures. */
    List<Row> rows(Collection<String> needed) {
        List<Row> rows = new ArrayList<>();
        for (int place = 0; place < size(); place++) {
            SortedMap<String, Double> values = new TreeMap<>();
            for (Map.Entry<String, double[]> column : columns.entrySet()) {
                double value = value(column.getValue(), place);
                if (!Double.isNaN(value)) {
                    values.put(column.getKey(), value);
                }
            }
            if (!values.containsKey(Measure.STOPPED_AFTER) && values.keySet().containsAll(needed)) {
                rows.add(new Row(architectures.get(place), new Measures(values), over.get(place)));
            }
        }
        return rows;
    }

    /**
     * Writes {@code architectures}, {@code measures} with a column each, null where a candidate does not tell it, {@code stopped}, places of
     * those that were not judged to the end, and {@code over}, places of those that devices have measured to miss a limit.
     */
    public void json(OutputStream out) throws IOException {
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.writeStartObject();
            json.writeArrayFieldStart("architectures");
            for (String architecture : architectures) {
                json.writeString(architecture);
            }
            json.writeEndArray();
            json.writeObjectFieldStart("measures");
            for (String measure : measures()) {
                json.writeArrayFieldStart(measure);
                double[] column = columns.get(measure);
                for (int place = 0; place < size(); place++) {
                    write(json, value(column, place));
                }
                json.writeEndArray();
            }
            json.writeEndObject();
            json.writeArrayFieldStart("stopped");
            for (int place = 0; place < size(); place++) {
                if (isStopped(place)) {
                    json.writeNumber(place);
                }
            }
            json.writeEndArray();
            json.writeArrayFieldStart("over");
            for (int place = over.nextSetBit(0); place >= 0; place = over.nextSetBit(place + 1)) {
                json.writeNumber(place);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
    }

    private static void write(JsonGenerator json, double value) throws IOException {
        if (Double.isNaN(value)) {
            json.writeNull();
        } else if (value == Math.rint(value) && Math.abs(value) < 1L << 53) {
            json.writeNumber((long) value);
        } else {
            json.writeNumber(value);
        }
    }

    /** Writes a line a candidate, in the columns and units of {@code front.csv}. */
    public void csv(OutputStream out) throws IOException {
        List<String> measures = measures();
        List<String> header = new ArrayList<>(List.of("arch"));
        measures.forEach(measure -> header.add(Measure.column(measure)));
        header.addAll(List.of("stopped", "over"));
        write(out, header);
        for (int place = 0; place < size(); place++) {
            List<String> cells = new ArrayList<>(List.of(architectures.get(place)));
            for (String measure : measures) {
                double value = value(columns.get(measure), place);
                cells.add(Double.isNaN(value) ? "" : Measure.toColumn(measure, value).toPlainString());
            }
            cells.addAll(List.of(Boolean.toString(isStopped(place)), Boolean.toString(over.get(place))));
            write(out, cells);
        }
    }

    private static void write(OutputStream out, List<String> cells) throws IOException {
        out.write(Csv.line(cells).getBytes(StandardCharsets.UTF_8));
    }
}
