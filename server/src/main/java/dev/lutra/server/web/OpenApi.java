package dev.lutra.server.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.lutra.proto.AccessServiceGrpc;
import dev.lutra.proto.AgentServiceGrpc;
import dev.lutra.proto.FleetServiceGrpc;
import dev.lutra.proto.Role;
import dev.lutra.proto.RunServiceGrpc;
import dev.lutra.server.operation.Build;
import io.grpc.MethodDescriptor;
import io.grpc.ServiceDescriptor;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The server's calls as an <a href="https://spec.openapis.org/oas/v3.1.0">OpenAPI</a> document, written from the routes that answer them.
 * Where a route's words name a message of the protocol, that message is described, as its JSON is.
 */
final class OpenApi implements RouteGroup {

    private static final String BEARER = "token";
    private static final Pattern MESSAGE = Pattern.compile("\\b[A-Z][A-Za-z]+\\b");

    /** Messages whose JSON has protobuf's names for it, and those whose JSON has the names that stand in the protocol. */
    private static final Map<String, Message> MESSAGES = Stream.of(
        messages(AgentServiceGrpc.getServiceDescriptor(), FieldDescriptor::getJsonName),
        messages(AccessServiceGrpc.getServiceDescriptor(), FieldDescriptor::getJsonName),
        messages(FleetServiceGrpc.getServiceDescriptor(), FieldDescriptor::getJsonName),
        messages(RunServiceGrpc.getServiceDescriptor(), FieldDescriptor::getName))
        .flatMap(messages -> messages).collect(Collectors.toMap(message -> message.type().getName(), Function.identity(), (one, same) -> one));

    private record Message(Descriptor type, Function<FieldDescriptor, String> names) {}

    private final Supplier<List<Route>> all;

    /** @param all routes of the server, this one among them */
    OpenApi(Supplier<List<Route>> all) {
        this.all = all;
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route("GET", "/openapi.json", List.of(Role.VIEWER, Role.OPERATOR),
            new Route.Words("Describes these calls, as OpenAPI.", "", "an OpenAPI document"), call -> call.json(json(all.get()))));
    }

    /** Requests and replies of a service, and what these are made of. */
    private static Stream<Message> messages(ServiceDescriptor service, Function<FieldDescriptor, String> names) {
        Map<String, Descriptor> found = new TreeMap<>();
        for (MethodDescriptor<?, ?> method : service.getMethods()) {
            var described = ((ProtoMethodDescriptorSupplier) method.getSchemaDescriptor()).getMethodDescriptor();
            collect(described.getInputType(), found);
            collect(described.getOutputType(), found);
        }
        return found.values().stream().map(type -> new Message(type, names));
    }

    private static void collect(Descriptor type, Map<String, Descriptor> found) {
        if (found.putIfAbsent(type.getName(), type) == null) {
            type.getFields().stream().filter(field -> field.getJavaType() == FieldDescriptor.JavaType.MESSAGE)
                .forEach(field -> collect(field.getMessageType(), found));
        }
    }

    static String json(List<Route> routes) {
        ObjectNode document = JsonNodeFactory.instance.objectNode().put("openapi", "3.1.0");
        document.putObject("info").put("title", "Lutra").put("version", Build.version())
            .put("description",
                "Calls of a Lutra server. Who may call shows a token of 'lutra token create' as a bearer; errors are one line of text.");
        ObjectNode paths = document.putObject("paths");
        Set<String> named = new TreeSet<>();
        for (Route route : routes) {
            ObjectNode path = paths.withObjectProperty(route.pattern());
            path.set(route.method().toLowerCase(Locale.ROOT), operation(route, named));
        }
        ObjectNode components = document.putObject("components");
        ObjectNode schemas = components.putObject("schemas");
        Map<String, Descriptor> used = new TreeMap<>();
        named.forEach(name -> collect(MESSAGES.get(name).type(), used));
        used.keySet().forEach(name -> schemas.set(name, schema(MESSAGES.get(name))));
        components.putObject("securitySchemes").putObject(BEARER).put("type", "http").put("scheme", "bearer");
        return document.toPrettyString();
    }

    private static ObjectNode operation(Route route, Set<String> named) {
        ObjectNode operation = JsonNodeFactory.instance.objectNode();
        operation.put("operationId",
            (route.method().toLowerCase(Locale.ROOT) + route.pattern().replaceAll("[^A-Za-z0-9]+", "-")).replaceAll("-$", ""));
        operation.put("summary", route.words().description());
        if (!route.parameters().isEmpty()) {
            ArrayNode parameters = operation.putArray("parameters");
            route.parameters().forEach(name -> parameters.addObject().put("name", name).put("in", "path").put("required", true)
                .putObject("schema").put("type", "string"));
        }
        if (!route.words().body().isEmpty()) {
            ObjectNode body = operation.putObject("requestBody").put("required", true).put("description", route.words().body());
            body.putObject("content").putObject("application/json").set("schema", described(route.words().body(), named));
        }
        ObjectNode responses = operation.putObject("responses");
        ObjectNode answer = responses.putObject("200").put("description", route.words().answer());
        ObjectNode schema = described(route.words().answer(), named);
        if (!schema.isEmpty()) {
            answer.putObject("content").putObject("application/json").set("schema", schema);
        }
        responses.putObject("default").put("description", "what was wrong, in a line")
            .putObject("content").putObject("text/plain").putObject("schema").put("type", "string");
        ArrayNode security = operation.putArray("security");
        ArrayNode roles = operation.putArray("x-roles");
        route.admits().forEach(role -> roles.add(role.name().toLowerCase(Locale.ROOT)));
        if (!route.admits().contains(Role.ANYONE)) {
            security.addObject().putArray(BEARER);
        }
        return operation;
    }

    /** Of words that are a message's name; whatever it may be for others. */
    private static ObjectNode described(String words, Set<String> named) {
        Matcher message = MESSAGE.matcher(words);
        if (message.matches() && MESSAGES.containsKey(words)) {
            named.add(words);
            return reference(words);
        }
        return JsonNodeFactory.instance.objectNode();
    }

    private static ObjectNode reference(String message) {
        return JsonNodeFactory.instance.objectNode().put("$ref", "#/components/schemas/" + message);
    }

    private static ObjectNode schema(Message message) {
        ObjectNode schema = JsonNodeFactory.instance.objectNode().put("type", "object");
        ObjectNode properties = schema.putObject("properties");
        for (FieldDescriptor field : message.type().getFields()) {
            properties.set(message.names().apply(field), property(field));
        }
        return schema;
    }

    private static ObjectNode property(FieldDescriptor field) {
        if (field.isMapField()) {
            ObjectNode map = JsonNodeFactory.instance.objectNode().put("type", "object");
            map.set("additionalProperties", value(field.getMessageType().findFieldByName("value")));
            return map;
        }
        if (field.isRepeated()) {
            ObjectNode list = JsonNodeFactory.instance.objectNode().put("type", "array");
            list.set("items", value(field));
            return list;
        }
        return value(field);
    }

    /** As protobuf's mapping writes values: numbers of 64 bits are texts, bytes are base64. */
    private static ObjectNode value(FieldDescriptor field) {
        ObjectNode value = JsonNodeFactory.instance.objectNode();
        return switch (field.getJavaType()) {
            case INT -> value.put("type", "integer").put("format", "int32");
            case LONG -> value.put("type", "string").put("format", "int64");
            case FLOAT, DOUBLE -> value.put("type", "number");
            case BOOLEAN -> value.put("type", "boolean");
            case STRING -> value.put("type", "string");
            case BYTE_STRING -> value.put("type", "string").put("contentEncoding", "base64");
            case ENUM -> {
                ArrayNode names = value.put("type", "string").putArray("enum");
                field.getEnumType().getValues().stream().map(EnumValueDescriptor::getName).forEach(names::add);
                yield value;
            }
            case MESSAGE -> reference(field.getMessageType().getName());
        };
    }
}
