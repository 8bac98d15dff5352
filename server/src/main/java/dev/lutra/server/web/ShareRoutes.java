package dev.lutra.server.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.lutra.InputException;
import dev.lutra.proto.Role;
import dev.lutra.server.access.Access;
import dev.lutra.server.access.Tokens;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** Links by which others look at one run for a while. */
public final class ShareRoutes implements RouteGroup {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration USUAL = Duration.ofDays(7);
    private static final int MOST_BYTES = 1 << 10;

    private final Access access;
    private final Consumer<String> known;
    private final Clock clock;

    /** @param known ends the call for a name that no run has */
    public ShareRoutes(Access access, Consumer<String> known, Clock clock) {
        this.access = access;
        this.known = known;
        this.clock = clock;
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route("POST", "/api/runs/{id}/share", List.of(Role.OPERATOR), new Route.Words("Makes a link by which whoever has it"
            + " looks at this run alone, until it expires.", "{\"days\"}, 7 if left out", "{\"link\", \"id\" of its token, \"expires\"}"),
            this::share).taking(MOST_BYTES));
    }

    private boolean share(Call call) throws IOException {
        String run = call.parameter("id");
        known.accept(run);
        Duration lifetime = lifetime(call.body());
        Tokens.Made made = access.tokens().share(run, lifetime);
        String link = access.places().pages() + "/runs/" + URLEncoder.encode(run, StandardCharsets.UTF_8) + "#token=" + made.token();
        return call.json(JsonNodeFactory.instance.objectNode().put("link", link).put("id", made.id())
            .put("expires", clock.instant().plus(lifetime).toString()).toString());
    }

    private static Duration lifetime(String body) {
        try {
            JsonNode days = JSON.readTree(body).path("days");
            if (days.isMissingNode()) {
                return USUAL;
            }
            if (!days.isNumber()) {
                throw new InputException("days: " + days + " (expected: a number)");
            }
            return Duration.ofSeconds(Math.round(days.asDouble() * Duration.ofDays(1).toSeconds()));
        } catch (IOException e) {
            throw new InputException("request: not JSON (expected: {\"days\": 7}, or {})", e);
        }
    }
}
