package dev.lutra.server.cli.space;

import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(name = "spaces", mixinStandardHelpOptions = true, description = "Lists the built-in search spaces.")
public final class SpacesCommand implements Runnable {

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        List<SearchSpace> spaces = SpaceFile.builtIn().stream().map(SpaceFile::load).toList();
        if (json.isWanted()) {
            System.out.println(Json.line(spaces.stream().map(SpacesCommand::document).toList()));
            return;
        }
        TextTable table = new TextTable("space", "input", "classes", "genes", "networks", "what it is");
        for (SearchSpace space : spaces) {
            table.row(space.name(), space.input(), space.classes(), space.genes().size(), space.size(), space.title());
        }
        System.out.print(table);
    }

    private static Map<String, Object> document(SearchSpace space) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("name", space.name());
        document.put("title", space.title());
        document.put("source", space.source());
        document.put("input", List.of(space.input().channels(), space.input().height(), space.input().width()));
        document.put("classes", space.classes());
        document.put("size", space.size());
        List<Object> genes = new ArrayList<>();
        space.genes().forEach(gene -> genes.add(Map.of("name", gene.name(),
            "options", gene.options().stream().map(option -> option.name()).toList())));
        document.put("genes", genes);
        return document;
    }
}
