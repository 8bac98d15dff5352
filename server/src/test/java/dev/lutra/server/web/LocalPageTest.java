package dev.lutra.server.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.folder.StoredExperiment;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalPageTest {

    @TempDir
    private Path root;

    private static int status(String address, String token) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(address));
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        return HttpClient.newHttpClient().send(request.build(), BodyHandlers.discarding()).statusCode();
    }

    @Test
    void whoHasTheLinkLooksAtThisRunAndTheProcessEndsAsItWould() throws Exception {
        RunFolder folder = new RunFolder(root.resolve("mine"));
        StoredExperiment.write(ExperimentFile.read(new Experiment.Text(root.resolve("mine.yaml"), """
            name: mine
            space: shufflenetv2-cifar
            data: {train: "synthetic:4x10", test: "synthetic:4x4"}
            """)), folder);
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        List<String> said = new ArrayList<>();
        LocalPage.startBeside(folder, said::add);
        assertThat(said).singleElement().satisfies(line -> assertThat(line).matches("page: http://127\\.0\\.0\\.1:\\d+/runs/mine#token=\\S{20,}"));
        String page = said.get(0).substring("page: ".length()).replaceFirst("#.*", "");
        String token = said.get(0).replaceFirst(".*#token=", "");
        String api = page.replaceFirst("/runs/mine", "/api/runs/");
        assertThat(status(page, "")).as("holds no secret").isEqualTo(200);
        assertThat(status(api + "mine/view", token)).isEqualTo(200);
        assertThat(status(api + "mine/view", "")).isEqualTo(401);
        assertThat(status(api + "mine/view", token + "x")).isEqualTo(401);
        assertThat(status(api + "other/view", token)).isEqualTo(404);
        assertThat(status(api + "mine/files/lutra.db", token)).as("not a file to hand out").isEqualTo(404);
        assertThat(status(api + "mine/files/..%2Fmine.yaml", token)).isEqualTo(404);
        assertThat(Thread.getAllStackTraces().keySet()).filteredOn(thread -> !before.contains(thread))
            .filteredOn(thread -> thread.getName().startsWith("lutra") || thread.getName().startsWith("HTTP-Dispatcher"))
            .isNotEmpty().allMatch(Thread::isDaemon);
    }
}
