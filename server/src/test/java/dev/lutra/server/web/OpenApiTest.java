package dev.lutra.server.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.proto.Role;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.PathItem;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.ParseOptions;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server's description of its calls, read by a parser of OpenAPI that others wrote, and held against its routes. */
class OpenApiTest {

    @TempDir
    private Path folder;

    @Test
    void describesEveryRouteAndNothingElse() throws Exception {
        try (AllRoutes all = new AllRoutes(folder)) {
            OpenAPI document = parsed(fetched(all));
            assertThat(document.getOpenapi()).isEqualTo("3.1.0");
            Map<String, Operation> described = new TreeMap<>();
            document.getPaths().forEach((path, item) -> item.readOperationsMap()
                .forEach((method, operation) -> described.put(method + " " + path, operation)));
            List<Route> routes = all.server.routes();
            assertThat(described).containsOnlyKeys(routes.stream().map(route -> route.method() + " " + route.pattern()).toList());
            assertThat(routes).hasSizeGreaterThan(20).allSatisfy(route -> holds(route, described.get(route.method() + " " + route.pattern())));
            Set<String> ids = new HashSet<>();
            assertThat(described.values()).allMatch(operation -> ids.add(operation.getOperationId()), "with an id of its own");
        }
    }

    private static void holds(Route route, Operation operation) {
        assertThat(operation.getSummary()).isEqualTo(route.words().description());
        boolean open = route.admits().contains(Role.ANYONE);
        assertThat(operation.getSecurity()).as("%s", route.pattern()).hasSize(open ? 0 : 1);
        List<String> parameters = operation.getParameters() == null
            ? List.of()
            : operation.getParameters().stream().map(parameter -> parameter.getIn() + " " + parameter.getName()).toList();
        assertThat(parameters).isEqualTo(route.parameters().stream().map(name -> "path " + name).toList());
        assertThat(operation.getRequestBody() == null).isEqualTo(route.words().body().isEmpty());
    }

    /** What a message is made of, as the JSON that calls are sent and answered in has it. */
    @Test
    void describesMessagesAsTheirJsonIs() throws Exception {
        try (AllRoutes all = new AllRoutes(folder)) {
            OpenAPI document = parsed(fetched(all));
            Operation join = document.getPaths().get("/api/agent/join").readOperationsMap().get(PathItem.HttpMethod.POST);
            assertThat(join.getRequestBody().getContent().get("application/json").getSchema().get$ref())
                .isEqualTo("#/components/schemas/JoinRequest");
            Map<String, io.swagger.v3.oas.models.media.Schema> schemas = document.getComponents().getSchemas();
            assertThat(schemas.get("JoinRequest").getProperties()).containsKeys("device", "runtimes", "agentVersion");
            assertThat(schemas.get("RunState").getProperties()).containsKeys("id", "left_seconds");
        }
    }

    private static String fetched(AllRoutes all) throws Exception {
        HttpResponse<String> answer = HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(all.server.address() + "/openapi.json"))
            .header("Authorization", "Bearer " + all.viewer()).build(), BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }

    private static OpenAPI parsed(String document) {
        ParseOptions options = new ParseOptions();
        options.setResolve(true);
        SwaggerParseResult result = new OpenAPIV3Parser().readContents(document, null, options);
        assertThat(result.getMessages()).as(document).isEmpty();
        return result.getOpenAPI();
    }
}
