package dev.lutra.server.cli.table;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.TextTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "list", mixinStandardHelpOptions = true, description = "Tables of a folder.")
final class LutListCommand implements Runnable {

    @Parameters(index = "0", arity = "0..1", paramLabel = "DIR", defaultValue = "lut", description = "Folder (default: ${DEFAULT-VALUE}).")
    private Path folder;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        Map<Path, LookupTable> tables = new LinkedHashMap<>();
        for (Path file : files()) {
            tables.put(file, LookupTable.load(file));
        }
        if (json.isWanted()) {
            System.out.println(Json.line(
                tables.entrySet().stream().map(entry -> document(entry.getKey(), entry.getValue())).toList()));
            return;
        }
        TextTable text = new TextTable("file", "device", "runtime", "batch", "entries", "calibrated", "memory", "source");
        tables.forEach((file, table) -> text.row(file, table.content().getDevice().getName(), TableWords.runtime(table),
            table.content().getBatch(), table.entries().size(),
            table.calibration().map(c -> String.format(Locale.ROOT, "%.1f %%", 100 * c.getMeanRelativeError())).orElse("no"),
            new LatencyModel(table).memory().map(memory -> String.format(Locale.ROOT, "%.1f %%", 100 * memory.meanRelativeError())).orElse("no"),
            table.content().getSource()));
        System.out.print(text);
    }

    private List<Path> files() {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
        } catch (NoSuchFileException e) {
            throw new InputException(folder + ": no such folder (expected: a folder of tables)", e);
        } catch (IOException e) {
            throw InputFile.unreadable(folder, e);
        }
    }

    private static Map<String, Object> document(Path file, LookupTable table) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("file", file.toString());
        document.put("device", table.content().getDevice().getName());
        document.put("runtime", TableWords.runtime(table));
        document.put("batch", table.content().getBatch());
        document.put("entries", table.entries().size());
        document.put("source", table.content().getSource());
        table.calibration().ifPresent(c -> document.put("heldOutError", c.getMeanRelativeError()));
        new LatencyModel(table).memory().ifPresent(memory -> document.put("memoryError", memory.meanRelativeError()));
        return document;
    }
}
