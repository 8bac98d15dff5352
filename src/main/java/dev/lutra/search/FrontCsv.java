package dev.lutra.search;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.csv.Csv;
import dev.lutra.space.GeneSpace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A front as CSV: the architecture, its measures by name, accuracy first, then, the same in every row, the objectives in columns
 * {@code objective:1}, {@code objective:2} … and the provenance in columns that begin with {@code provenance:}.
 */
final class FrontCsv {

    private static final String ARCHITECTURE = "arch";
    private static final String PROVENANCE = "provenance:";
    private static final String OBJECTIVE = "objective:";

    private FrontCsv() {}

    static void write(Front front, Path file) {
        SortedSet<String> names = new TreeSet<>();
        front.candidates().forEach(candidate -> names.addAll(candidate.measures().values().keySet()));
        LinkedHashSet<String> measures = new LinkedHashSet<>(List.of(Measure.ACCURACY));
        measures.addAll(names);

        List<String> header = new ArrayList<>(List.of(ARCHITECTURE));
        measures.forEach(measure -> header.add(Measure.column(measure)));
        for (int i = 1; i <= front.objectives().size(); i++) {
            header.add(OBJECTIVE + i);
        }
        front.provenance().keySet().forEach(key -> header.add(PROVENANCE + key));
        StringBuilder text = new StringBuilder(Csv.line(header));
        for (Candidate candidate : front.candidates()) {
            List<String> cells = new ArrayList<>(List.of(candidate.architecture().toString()));
            measures.forEach(measure -> cells.add(Measure.toColumn(measure, candidate.measures().get(measure)).toPlainString()));
            front.objectives().forEach(objective -> cells.add(objective.toString()));
            cells.addAll(front.provenance().values());
            text.append(Csv.line(cells));
        }
        AtomicFile.write(file, text.toString());
    }

    static Front read(Path file, GeneSpace space) {
        Csv csv = Csv.read(file);
        if (csv.column(ARCHITECTURE) < 0 || csv.column(OBJECTIVE + 1) < 0) {
            throw new InputException(file + ":1: not a front (expected: columns " + ARCHITECTURE + ", " + OBJECTIVE + "1, …)");
        }
        if (csv.rows().isEmpty()) {
            throw InputException.in(file, "no rows (expected: at least one candidate)");
        }
        List<String> shared = csv.rows().get(0).cells();
        List<Objective> objectives = new ArrayList<>();
        SortedMap<String, String> provenance = new TreeMap<>();
        Map<String, Integer> measures = new TreeMap<>();
        for (int i = 0; i < csv.header().size(); i++) {
            String name = csv.header().get(i);
            if (name.startsWith(PROVENANCE)) {
                provenance.put(name.substring(PROVENANCE.length()), shared.get(i));
            } else if (name.startsWith(OBJECTIVE)) {
                objectives.add(Objective.parse(shared.get(i)));
            } else if (!name.equals(ARCHITECTURE)) {
                measures.put(Measure.ofColumn(name), i);
            }
        }
        List<Candidate> candidates = new ArrayList<>();
        for (Csv.Row row : csv.rows()) {
            SortedMap<String, Double> values = new TreeMap<>();
            measures.forEach((measure, column) -> values.put(measure, AccuracyTable.number(csv, row, column)));
            candidates.add(new Candidate(
                AccuracyTable.architecture(csv, row, row.cells().get(csv.column(ARCHITECTURE)), space), new Measures(values)));
        }
        return new Front(objectives, candidates, provenance);
    }
}
