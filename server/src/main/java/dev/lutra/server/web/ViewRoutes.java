package dev.lutra.server.web;

import dev.lutra.InputException;
import dev.lutra.proto.Role;
import dev.lutra.server.comparison.ComparisonPage;
import dev.lutra.server.comparison.RunComparison;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.schedule.RunFiles;
import dev.lutra.server.view.RunReader;
import dev.lutra.server.view.RunView;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;

/** The calls that show runs: what pages lay out, for programs too. */
public final class ViewRoutes implements RouteGroup {

    private static final List<Role> LOOKERS = List.of(Role.VIEWER, Role.OPERATOR);
    private static final String RUN = "/api/runs/{id}";
    private static final String JSON = "application/json";
    private static final String CSV = "text/csv; charset=utf-8";
    private static final int MOST_READERS = 16;
    /** What else the page offers, of which there may be hundreds. */
    private static final Pattern RETRAINED = Pattern.compile("retrain/[0-9a-f]+/[^/]+\\.onnx");

    private final Function<String, RunFolder> folders;
    private final EventStreams streams;
    private final Map<String, RunReader> readers = new LinkedHashMap<>(MOST_READERS, 1, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, RunReader> eldest) {
            return size() > MOST_READERS;
        }
    };

    /**
     * @param folders of runs, by the names that calls have for them; a name that is none ends the call
     */
    public ViewRoutes(Function<String, RunFolder> folders) {
        this.folders = folders;
        streams = new EventStreams();
    }

    @Override
    public List<Route> routes() {
        return List.of(
            new Route("GET", RUN + "/view", LOOKERS,
                new Route.Words("Shows a run: everything that its page lays out, in one document.", "", "RunView"),
                call -> call.packed(JSON, reader(call).view().getBytes(StandardCharsets.UTF_8))),
            new Route("GET", RUN + "/candidates", LOOKERS, new Route.Words("Gives what a search has evaluated, a column a measure; with ?format=csv"
                + " a line a candidate.", "", "{\"architectures\": [text], \"measures\": {name: [number]}, \"stopped\": [place], \"over\": [place]}"),
                call -> isCsv(call)
                    ? call.packed(CSV, reader(call).candidatesAsCsv())
                    : call.takesGzip()
                        ? call.sendPacked(JSON, reader(call).candidatesPacked(), true)
                        : call.sendPacked(JSON, reader(call).candidates(), false)),
            new Route("GET", RUN + "/tables/{target}", LOOKERS, new Route.Words("Gives a device's lookup table, layer by choice; with ?format=csv a"
                + " line a choice.", "", "{\"device\", \"choices\": [text], \"layers\": [{\"name\", \"cells\": [cell]}]}"),
                call -> isCsv(call)
                    ? call.packed(CSV, reader(call).tableAsCsv(call.parameter("target")).getBytes(StandardCharsets.UTF_8))
                    : call.packed(JSON, reader(call).table(call.parameter("target")).getBytes(StandardCharsets.UTF_8))),
            new Route("GET", RUN + "/architectures/{text}", LOOKERS, new Route.Words("Draws an architecture and tells what it takes, by segment and"
                + " device.", "", "{\"drawing\": SVG, \"segments\": [segment], \"devices\": [device]}"),
                call -> call.packed(JSON, reader(call).architecture(call.parameter("text")).getBytes(StandardCharsets.UTF_8))),
            new Route("GET", RUN + "/files", LOOKERS, new Route.Words("Lists the files of a run that are handed out.", "",
                "{\"files\": [{\"name\", \"bytes\"}]}"),
                call -> call.json(Call.FULL.print(
                    new RunFiles(folders.apply(call.parameter("id"))).told()))),
            new Route("GET", RUN + "/files/{name}", LOOKERS, new Route.Words("Hands out a file of the run, such as front.json or"
                + " export%2Fwinner-1.onnx.", "", "the file"), this::file),
            new Route("GET", RUN + "/events", LOOKERS, new Route.Words("Streams what happens in a run (server-sent events): its lines of"
                + " metrics.jsonl, those after ?after=ID alone, and as 'progress' what is under way.", "", "text/event-stream"),
                call -> streams.open(call, reader(call).watch(call.query("after").orElse(""))::get)),
            new Route("GET", "/api/compare", LOOKERS, new Route.Words("Puts runs side by side, ?runs=ID,ID: what differs in their settings and"
                + " what came of them.", "", "{\"names\", \"settings\", \"figures\", \"plots\", \"winners\"}"),
                call -> call.packed(JSON, RunView.json(ComparisonPage.of(RunComparison.of(compared(call)))).getBytes(StandardCharsets.UTF_8))));
    }

    private List<Path> compared(Call call) {
        String runs = call.query("runs").orElseThrow(() -> new InputException("runs: missing (expected: ?runs=ID,ID)"));
        return Arrays.stream(runs.split(",")).map(id -> folders.apply(id).root()).toList();
    }

    private static boolean isCsv(Call call) {
        return call.query("format").filter("csv"::equals).isPresent();
    }

    private RunReader reader(Call call) {
        String id = call.parameter("id");
        RunFolder folder = folders.apply(id);
        synchronized (readers) {
            return readers.computeIfAbsent(id, name -> new RunReader(folder, Clock.systemUTC()));
        }
    }

    /** Of the folder only what is named here, and nothing that a link leads out of it to. */
    private static boolean isRetrained(Path root, String name) throws IOException {
        Path file = root.resolve(name);
        return RETRAINED.matcher(name).matches() && Files.isRegularFile(file) && file.toRealPath().startsWith(root.toRealPath());
    }

    private boolean file(Call call) throws IOException {
        RunFolder folder = folders.apply(call.parameter("id"));
        String name = call.parameter("name");
        Path file = isRetrained(folder.root(), name) ? folder.root().resolve(name) : new RunFiles(folder).all().get(name);
        if (file == null) {
            throw new Refusal(404, name + ": no such file of the run (expected: one of those that " + RUN + "/files lists, or in retrain)");
        }
        call.exchange().getResponseHeaders().set("Content-Disposition", "attachment; filename=\"" + file.getFileName() + "\"");
        return call.send(file, "application/octet-stream");
    }

    @Override
    public void end() {
        streams.close();
    }
}
