package dev.lutra.server.cli.submit;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.proto.FetchRunFileRequest;
import dev.lutra.proto.RunFile;
import dev.lutra.proto.RunFileChunk;
import dev.lutra.proto.RunName;
import dev.lutra.server.cli.fleet.FleetCommand;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.Lines;
import dev.lutra.server.rpc.RemoteFleet;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "get", mixinStandardHelpOptions = true, description = "Fetches what a run of a server has found so far: front, report, tables, exported networks.")
public final class GetCommand extends FleetCommand {

    @Parameters(index = "0", paramLabel = "ID", description = "As 'lutra runs' has it.")
    private String id;

    @Option(names = "--out", paramLabel = "DIR", description = "Where to put it (default: runs/<ID> here).")
    private Path out;

    @Override
    protected void print(RemoteFleet server, boolean asJson) {
        Path folder = out == null ? Path.of("runs", id) : out;
        List<RunFile> files = server.runs(stub -> stub.listRunFiles(RunName.newBuilder().setId(id).build())).getFilesList();
        if (files.isEmpty()) {
            throw new InputException("run " + id + ": has found nothing yet (expected: after its search)");
        }
        List<String> fetched = new ArrayList<>();
        for (RunFile file : files) {
            Path target = within(folder, file.getName());
            server.longReply(stub -> {
                Iterator<RunFileChunk> chunks = stub.fetchRunFile(FetchRunFileRequest.newBuilder().setId(id).setName(file.getName()).build());
                write(target, chunks);
                return target;
            });
            fetched.add(target.toString());
            if (!asJson) {
                Lines.print(target.toString());
            }
        }
        if (asJson) {
            System.out.println(Json.line(Map.of("run", id, "files", fetched)));
        }
    }

    /** A server's word for a file leads nowhere else. */
    private static Path within(Path folder, String name) {
        Path target = folder.resolve(name).normalize();
        if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?") || !target.startsWith(folder.normalize())) {
            throw new InputException("server: a file called " + name + " (expected: a name without '..', in at most one folder)");
        }
        return target;
    }

    private static void write(Path target, Iterator<RunFileChunk> chunks) {
        AtomicFile.write(target, to -> {
            while (chunks.hasNext()) {
                chunks.next().getData().writeTo(to);
            }
        });
    }
}
