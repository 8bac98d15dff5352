package dev.lutra.server.web;

import dev.lutra.proto.Role;
import dev.lutra.server.access.Access;
import dev.lutra.server.install.AgentFiles;
import dev.lutra.server.install.AgentFiles.AgentFile;
import dev.lutra.server.install.InstallScript;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The agent for other machines. Public: it is the same program for everybody, and joins nothing without a token. */
public final class InstallRoutes implements RouteGroup {

    private static final List<Role> ANYONE = List.of(Role.ANYONE);

    private final Access access;
    private final Optional<AgentFiles> files;

    /** @param files empty where there is no agent beside this program */
    public InstallRoutes(Access access, Optional<AgentFiles> files) {
        this.access = access;
        this.files = files;
    }

    @Override
    public List<Route> routes() {
        return List.of(
            new Route("GET", InstallScript.PATH, ANYONE, new Route.Words("The shell script that installs the agent on another machine.", "",
                "a script for sh"), this::script),
            new Route("GET", "/install/{platform}", ANYONE, new Route.Words("Lists the agent's files for a platform, such as linux-x64.", "",
                "a line a file: its SHA-256 and its name, as sha256sum reads them"), this::list),
            new Route("GET", "/install/files/{hash}", ANYONE, new Route.Words("One of these files.", "", "its bytes"), this::file));
    }

    private boolean script(Call call) throws IOException {
        return call.send(200, "text/x-shellscript", InstallScript.text(access.places().agents(), access.places().pages()));
    }

    private boolean list(Call call) throws IOException {
        String platform = call.parameter("platform");
        List<AgentFile> all = agent().of(platform);
        if (all.isEmpty()) {
            throw new Refusal(404, "no agent for " + platform + " (expected: one of " + String.join(", ", agent().platforms()) + ")");
        }
        return call.send(200, "text/plain", all.stream().map(file -> file.sha256() + "  " + file.name() + "\n").collect(Collectors.joining()));
    }

    private boolean file(Call call) throws IOException {
        AgentFile file = agent().withHash(call.parameter("hash"))
            .orElseThrow(() -> new Refusal(404, "no file of the agent (expected: a hash of /install/PLATFORM)"));
        return call.send(file.content(), "application/octet-stream");
    }

    private AgentFiles agent() {
        return files.orElseThrow(() -> new Refusal(404, "this server has no agent to give (expected: one that was started as ./lutra serve)"));
    }
}
