package dev.lutra.server.cli.fleet;

import dev.lutra.InputException;
import dev.lutra.proto.CreateTokenReply;
import dev.lutra.proto.CreateTokenRequest;
import dev.lutra.proto.ListTokensRequest;
import dev.lutra.proto.RevokeTokenRequest;
import dev.lutra.proto.Role;
import dev.lutra.proto.TokenState;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.install.InstallScript;
import dev.lutra.server.rpc.RemoteFleet;
import dev.lutra.yaml.Durations;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "token", mixinStandardHelpOptions = true, description = "Who may join a server, look at it, or operate it.", synopsisSubcommandLabel = "COMMAND", subcommands = {
    TokenCommand.Create.class, TokenCommand.ListAll.class, TokenCommand.Revoke.class})
public final class TokenCommand implements Runnable {

    /** As people know them; an agent's is a token to become one with. */
    private static final Map<String, Role> ROLES = Map.of("agent", Role.JOINING, "viewer", Role.VIEWER, "operator", Role.OPERATOR);

    @Override
    public void run() {
        throw new InputException("token: no command (expected: token create, list or revoke)");
    }

    private static String word(Role role) {
        return role == Role.JOINING ? "agent" : role.name().toLowerCase(Locale.ROOT);
    }

    @Command(name = "create", mixinStandardHelpOptions = true, description = "Makes a token: for a device to join with once, or to look or operate with.")
    static final class Create extends FleetCommand {

        @Option(names = "--role", paramLabel = "ROLE", defaultValue = "agent", description = "agent, viewer or operator (default: ${DEFAULT-VALUE}).")
        private String role;

        @Option(names = "--device", paramLabel = "NAME", defaultValue = "", description = "Of an agent: for this name alone, also if it has a key, which is replaced.")
        private String device;

        @Option(names = "--for", paramLabel = "TIME", description = "How long it is good (default: an hour for an agent to join, else until it is revoked).")
        private String lifetime;

        @Override
        protected void check() {
            request();
        }

        @Override
        protected void print(RemoteFleet fleet, boolean asJson) {
            CreateTokenReply made = fleet.access(stub -> stub.createToken(request()));
            System.out.print(asJson ? Json.line(document(made)) + "\n" : text(made));
        }

        private CreateTokenRequest request() {
            if (!ROLES.containsKey(role)) {
                throw new InputException("--role: " + role + " (expected: agent, viewer or operator)");
            }
            if (!device.isEmpty() && ROLES.get(role) != Role.JOINING) {
                throw new InputException("--device: " + device + " (expected: with --role agent)");
            }
            return CreateTokenRequest.newBuilder().setRole(ROLES.get(role)).setDevice(device).setLifetimeMillis(lifetimeMillis()).build();
        }

        private long lifetimeMillis() {
            if (lifetime == null) {
                return 0;
            }
            return Durations.of(lifetime).map(Duration::toMillis).filter(millis -> millis > 0)
                .orElseThrow(() -> new InputException("--for: " + lifetime + " (expected: a duration with its unit, such as '24 h')"));
        }

        private static String link(CreateTokenReply made) {
            return made.getPages() + "/agent#token=" + made.getToken();
        }

        private String install(CreateTokenReply made) {
            return InstallScript.line(made.getServer(), made.getPages(), made.getToken(), device);
        }

        private Map<String, Object> document(CreateTokenReply made) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("id", made.getId());
            document.put("role", role);
            document.put("token", made.getToken());
            document.put("server", made.getServer());
            if (ROLES.get(role) == Role.JOINING && !made.getPages().isEmpty()) {
                document.put("join_link", link(made));
                document.put("install", install(made));
            }
            return document;
        }

        private String text(CreateTokenReply made) {
            String on = " --server " + made.getServer() + " --token " + made.getToken();
            if (ROLES.get(role) != Role.JOINING) {
                return "token " + made.getId() + ", " + role + ": " + made.getToken() + "\nas in: lutra agents" + on + "\n";
            }
            return "token " + made.getId() + ": one device joins with it, once\n"
                + "on the device: lutra agent" + on + (device.isEmpty() ? "" : " --device " + device) + "\n"
                + (made.getPages().isEmpty()
                    ? ""
                    : "where there is no Lutra yet, under Linux: " + install(made) + "\nin a browser:  " + link(made) + "\n");
        }
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists tokens, not what they are; of links that were shared, the run that each shows.")
    static final class ListAll extends FleetCommand {

        @Override
        protected void print(RemoteFleet fleet, boolean asJson) {
            List<TokenState> tokens = fleet.access(stub -> stub.listTokens(ListTokensRequest.getDefaultInstance())).getTokensList();
            if (asJson) {
                System.out.println(Json.line(tokens.stream().map(ListAll::document).toList()));
                return;
            }
            TextTable table = new TextTable("id", "role", "state", "device", "run", "made", "ends");
            tokens.forEach(token -> table.row(token.getId(), word(token.getRole()), state(token), token.getDevice(), token.getRun(),
                time(token.getCreatedMillis()), token.getExpiresMillis() == 0 ? "" : time(token.getExpiresMillis())));
            System.out.print(table);
        }

        private static String state(TokenState token) {
            return token.getState().name().toLowerCase(Locale.ROOT);
        }

        private static String time(long millis) {
            return Instant.ofEpochMilli(millis).truncatedTo(ChronoUnit.SECONDS).toString();
        }

        private static Map<String, Object> document(TokenState token) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("id", token.getId());
            document.put("role", word(token.getRole()));
            document.put("state", state(token));
            document.put("device", token.getDevice());
            document.put("run", token.getRun());
            document.put("created", time(token.getCreatedMillis()));
            if (token.getExpiresMillis() > 0) {
                document.put("expires", time(token.getExpiresMillis()));
            }
            return document;
        }
    }

    @Command(name = "revoke", mixinStandardHelpOptions = true, description = "Lets nobody in by a token any more; devices that joined with it stay.")
    static final class Revoke extends FleetCommand {

        @Parameters(index = "0", paramLabel = "ID", description = "As 'lutra token list' has it.")
        private String id;

        @Override
        protected void print(RemoteFleet fleet, boolean asJson) {
            fleet.access(stub -> stub.revokeToken(RevokeTokenRequest.newBuilder().setId(id).build()));
            System.out.println(asJson ? Json.line(Map.of("revoked", id)) : "revoked " + id);
        }
    }
}
