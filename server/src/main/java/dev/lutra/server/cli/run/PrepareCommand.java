package dev.lutra.server.cli.run;

import dev.lutra.InputException;
import dev.lutra.data.Sharding.Prepared;
import dev.lutra.data.pixel.Storage;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.run.ExperimentRun;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "prepare", mixinStandardHelpOptions = true, description = "Decodes an experiment's images into shards that other machines and experiments read; goes on where it was stopped.")
public final class PrepareCommand extends AnsweringCommand {

    private static final int MOST = 1 << 20;

    @Option(names = "--to", required = true, paramLabel = "ADDRESS", description = "A folder, or hdfs://HOST/FOLDER, s3a://BUCKET/FOLDER or what else Hadoop's file systems read.")
    private String to;

    @Option(names = "--images-per-shard", paramLabel = "N", description = "Of each file of pixels (default: ${DEFAULT-VALUE}).")
    private int perShard = 1024;

    @Override
    int answer(ExperimentRun run, boolean json) {
        if (perShard < 1 || perShard > MOST) {
            throw new InputException("--images-per-shard: " + perShard + " (expected: 1 to " + MOST + ")");
        }
        List<Prepared> prepared = run.prepare(Storage.isAddress(to) ? to : Path.of(to).toAbsolutePath().normalize().toString(), perShard);
        if (json) {
            Map<String, Object> document = new LinkedHashMap<>();
            prepared.forEach(set -> document.put(set.role().key(), document(set)));
            System.out.println(Json.line(document));
            return 0;
        }
        TextTable table = new TextTable("data", "address", "images", "missing", "shards");
        prepared.forEach(set -> table.row(set.role().key(), set.address(), Integer.toString(set.images()), Integer.toString(set.missing().size()),
            Integer.toString(set.shards())));
        System.out.print(table);
        return 0;
    }

    private static Map<String, Object> document(Prepared set) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("address", set.address());
        document.put("images", set.images());
        document.put("missing", set.missing());
        document.put("shards", set.shards());
        document.put("made", set.made());
        document.put("content", set.content());
        return document;
    }
}
