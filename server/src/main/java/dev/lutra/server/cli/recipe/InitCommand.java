package dev.lutra.server.cli.recipe;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.recipe.Recipe;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "init", mixinStandardHelpOptions = true, description = "Writes an experiment file to start from: a recipe, whose paths are then relative to it, and the tables of latencies that it names.")
public final class InitCommand implements Runnable {

    @Option(names = "--recipe", required = true, paramLabel = "NAME", description = "Which one; lutra recipes lists them.")
    private String name;

    @Option(names = "--out", paramLabel = "FILE", description = "Where to (default: NAME.yaml here).")
    private Path out;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        Recipe recipe = Recipe.of(name);
        Path file = out == null ? Path.of(recipe.name() + ".yaml") : out;
        if (Files.exists(file)) {
            throw InputException.in(file, "is there already (expected: another name, by --out)");
        }
        List<Path> tables = new ArrayList<>();
        recipe.tables().forEach((path, text) -> {
            Path table = file.resolveSibling(path);
            if (!Files.exists(table)) { // one that is there may have been added to
                write(table, text);
                tables.add(table);
            }
        });
        write(file, recipe.text()); // last: where it is, all is
        System.out.println(json.isWanted()
            ? Json.line(Map.of("file", file.toString(), "tables", tables.stream().map(Path::toString).toList()))
            : "wrote " + file + tables.stream().map(table -> ", " + table).collect(Collectors.joining()));
    }

    private static void write(Path file, String text) {
        AtomicFile.write(file, target -> target.write(text.getBytes(StandardCharsets.UTF_8)));
    }
}
