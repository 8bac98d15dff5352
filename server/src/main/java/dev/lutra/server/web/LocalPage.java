package dev.lutra.server.web;

import com.sun.net.httpserver.HttpServer;
import dev.lutra.InputException;
import dev.lutra.server.access.OneToken;
import dev.lutra.server.folder.RunFolder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/** The page of one run, for browsers of this machine: who has the link may look. */
public final class LocalPage {

    private LocalPage() {}

    /**
     * Serves the page beside the run's own work, on threads that keep no process from ending.
     *
     * @param say told the link at once, or why there is none; the page answers a moment later
     */
    public static void startBeside(RunFolder folder, Consumer<String> say) {
        String name = Optional.ofNullable(folder.root().toAbsolutePath().normalize().getFileName()).map(Path::toString).orElse("run");
        OneToken token = OneToken.make();
        try {
            HttpServer bound = WebServer.bindHere();
            say.accept("page: http://127.0.0.1:" + bound.getAddress().getPort() + "/runs/"
                + URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20") + "#token=" + token.token());
            Thread thread = new Thread(() -> WebServer.show(bound, token, new ViewRoutes(asked -> {
                if (!asked.equals(name)) {
                    throw new Refusal(404, "run " + asked + ": not here (expected: " + name + ")");
                }
                return folder;
            })), "lutra-page-start");
            thread.setDaemon(true); // the server's own threads are then, too
            thread.start();
        } catch (InputException e) {
            say.accept("page: none: " + e.getMessage());
        }
    }
}
