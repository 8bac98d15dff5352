package dev.lutra.server.cli.table;

import dev.lutra.Names;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.published.TableFormat;
import dev.lutra.latency.table.TableImport;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.space.SpaceFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "import", mixinStandardHelpOptions = true, description = "Makes a lookup table of one that others published.")
final class LutImportCommand implements Runnable {

    private static final int NAMED_MISSING = 3;

    @Parameters(index = "0", paramLabel = "FORMAT", description = "proxylessnas, ofa, singlepath, or tfnas (tfnas-cpu, tfnas-gpu).")
    private String format;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "FILE", description = "CSV with a header, or the publisher's own YAML or JSON; several are parts of one table.")
    private List<Path> files;

    @Option(names = "--out", required = true, paramLabel = "DIR|FILE", description = "A .json file, or a folder for one.")
    private Path out;

    @Option(names = "--device", paramLabel = "NAME", description = "Name for the device (default: the publisher's).")
    private Optional<String> device = Optional.empty();

    @Option(names = "--space", paramLabel = "SPACE", description = "Another space to cover: built-in name or a space file; repeatable.")
    private List<String> spaces = new ArrayList<>();

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        TableFormat wanted = TableFormat.named(format, files.get(0));
        TableImport.Result result = TableImport.read(wanted, files, device.map(name -> Names.device("--device", name)),
            spaces.stream().map(SpaceFile::load).toList());
        Path file = file(wanted, result.table());
        result.table().save(file);
        if (json.isWanted()) {
            System.out.println(Json.line(document(file, result)));
        } else {
            print(result);
        }
        System.err.println("wrote " + file + ": " + result.table().entries().size() + " entries from " + result.used() + " of "
            + result.keys() + " published figures");
    }

    /** A device may have tables of several publishers, so the folder's file has the format in its name. */
    private Path file(TableFormat wanted, LookupTable table) {
        boolean isFolder = Files.isDirectory(out) || !out.toString().endsWith(".json");
        String name = Names.inFile(table.content().getDevice().getName());
        return isFolder ? out.resolve(Names.fitting(name + "-" + wanted.formatName(), ".json")) : out;
    }

    private static void print(TableImport.Result result) {
        TextTable text = new TextTable("space", "image size", "segments", "covered", "without a figure");
        for (TableImport.Coverage coverage : result.coverage()) {
            List<String> missing = coverage.missing();
            String named = String.join(", ", missing.subList(0, Math.min(NAMED_MISSING, missing.size())));
            int more = missing.size() - NAMED_MISSING;
            text.row(coverage.space(), coverage.imageSize(), coverage.segments(), coverage.covered(),
                more > 0 ? named + " and " + more + " more" : named);
        }
        System.out.print(text);
    }

    private static Map<String, Object> document(Path file, TableImport.Result result) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("file", file.toString());
        document.put("device", result.table().content().getDevice().getName());
        document.put("source", result.table().content().getSource());
        document.put("entries", result.table().entries().size());
        document.put("published", result.keys());
        document.put("used", result.used());
        document.put("coverage", result.coverage().stream().map(LutImportCommand::document).toList());
        return document;
    }

    private static Map<String, Object> document(TableImport.Coverage coverage) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("space", coverage.space());
        document.put("image_size", coverage.imageSize().isSquare() ? coverage.imageSize().height() : coverage.imageSize().toString());
        document.put("segments", coverage.segments());
        document.put("covered", coverage.covered());
        document.put("missing", coverage.missing());
        return document;
    }
}
