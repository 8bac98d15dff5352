package dev.lutra.server.cli.space;

import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.List;
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
            System.out.println(Json.line(spaces.stream().map(SpaceDescription::head).toList()));
            return;
        }
        TextTable table = new TextTable("space", "input", "classes", "genes", "networks", "what it is");
        for (SearchSpace space : spaces) {
            table.row(space.name(), space.input(), space.classes(), space.genes().size(), space.size(), space.title());
        }
        System.out.print(table);
    }
}
