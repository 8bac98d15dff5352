package dev.lutra.server.install;

import dev.lutra.proto.connection.KeyFingerprint;
import dev.lutra.proto.connection.ServerAddress;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;

/**
 * How an agent gets onto another machine: a shell script that this server hands out, and the line that has it run there. The line holds the
 * server's key as curl pins it, so that nobody on the way can put another script in its place; the token goes by the environment, which
 * neither logs nor other users see.
 */
public final class InstallScript {

    /** Where the server has the script, below its pages' address. */
    public static final String PATH = "/install.sh";

    private InstallScript() {}

    /**
     * The script.
     *
     * @param agents where agents reach the server, as {@link ServerAddress#toString} has it
     * @param pages where its pages are, {@code scheme://host:port}
     */
    public static String text(String agents, String pages) {
        try (InputStream in = InstallScript.class.getResourceAsStream("install.sh")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                .replace("@SERVER@", quoted(agents)).replace("@PAGES@", quoted(pages)).replace("@PIN@", quoted(pin(agents).orElse("")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * What a person runs on the machine.
     *
     * @param token with which a device joins, once
     * @param device its name; empty: that of its host
     */
    public static String line(String agents, String pages, String token, String device) {
        return "curl -fsS" + pin(agents).map(key -> "k --pinnedpubkey " + quoted(key)).orElse("") + " " + pages + PATH
            + " | LUTRA_TOKEN=" + token + " sh" + (device.isEmpty() ? "" : " -s -- --device " + quoted(device));
    }

    /** The server's key in curl's words: -k because nobody else vouches for it, and it has to be that one all the same. */
    private static Optional<String> pin(String agents) {
        return ServerAddress.parse(agents).key().map(KeyFingerprint::sha256)
            .map(hex -> "sha256//" + Base64.getEncoder().encodeToString(HexFormat.of().parseHex(hex)));
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }
}
