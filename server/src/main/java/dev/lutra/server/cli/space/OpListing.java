package dev.lutra.server.cli.space;

import dev.lutra.cost.MicroNet;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.TextTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A network op by op as the MicroNet challenge counts, which is the rule that has multiplications and additions apart. Ops that cost
 * nothing and store nothing are left out.
 */
record OpListing(List<Entry> entries) {

    private record Entry(String name, String kind, String out, MicroNet.Part part) {}

    static OpListing of(Network network) {
        List<Entry> entries = new ArrayList<>();
        for (Op op : network.ops()) {
            MicroNet.Part part = MicroNet.of(List.of(op)).total();
            if (part.operations() > 0 || part.weights() > 0) {
                entries.add(new Entry(op.name(), op.getClass().getSimpleName().toLowerCase(Locale.ROOT), op.output().shape().toString(), part));
            }
        }
        return new OpListing(List.copyOf(entries));
    }

    List<Map<String, Object>> documents() {
        List<Map<String, Object>> documents = new ArrayList<>();
        for (Entry entry : entries) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("op", entry.name());
            document.put("kind", entry.kind());
            document.put("out", entry.out());
            document.put("multiplications", entry.part().multiplications());
            document.put("additions", entry.part().additions());
            document.put("params", entry.part().params());
            documents.add(document);
        }
        return documents;
    }

    TextTable table() {
        TextTable table = new TextTable("op", "kind", "out", "multiplications", "additions", "params");
        entries.forEach(entry -> table.row(entry.name(), entry.kind(), entry.out(), Figures.count(entry.part().multiplications()),
            Figures.count(entry.part().additions()), Figures.count(Math.round(entry.part().params()))));
        return table;
    }
}
