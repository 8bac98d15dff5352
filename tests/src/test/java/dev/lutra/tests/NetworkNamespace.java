package dev.lutra.tests;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A network of its own, as a device elsewhere has it, and the cable to it. Linux, for root. */
final class NetworkNamespace implements AutoCloseable {

    /** Where processes in the namespace find this machine: of a range for testing networks, RFC 2544. */
    static final String HOST = "198.18.0.1";
    private static final String INSIDE = "198.18.0.2";

    private final String name;
    private final String cable;

    private NetworkNamespace(String name, String cable) {
        this.name = name;
        this.cable = cable;
    }

    /** Makes one; the test is skipped where that cannot be done. */
    static NetworkNamespace create() {
        String suffix = Long.toString(ProcessHandle.current().pid());
        NetworkNamespace namespace = new NetworkNamespace("lutra-" + suffix, "lutra" + suffix);
        String problem = namespace.tryToRun("netns", "add", namespace.name);
        assumeTrue(problem.isEmpty(), "no network namespaces, so no network is cut (expected: Linux, ip, root): " + problem);
        try {
            namespace.run("link", "add", namespace.cable, "type", "veth", "peer", "name", "eth0", "netns", namespace.name);
            namespace.run("address", "add", HOST + "/30", "dev", namespace.cable);
            namespace.run("link", "set", namespace.cable, "up");
            namespace.run("-n", namespace.name, "address", "add", INSIDE + "/30", "dev", "eth0");
            namespace.run("-n", namespace.name, "link", "set", "eth0", "up");
        } catch (RuntimeException e) {
            namespace.close();
            throw e;
        }
        return namespace;
    }

    /** What to put before a command for it to run inside. */
    List<String> prefix() {
        return List.of("ip", "netns", "exec", name);
    }

    /** Pulls the cable: nothing arrives, nothing is refused, nobody is told. */
    void cut() {
        run("link", "set", cable, "down");
    }

    void mend() {
        run("link", "set", cable, "up");
    }

    private void run(String... arguments) {
        String problem = tryToRun(arguments);
        if (!problem.isEmpty()) {
            throw new IllegalStateException("ip " + String.join(" ", arguments) + ": " + problem);
        }
    }

    /** What the command complains of; empty if it has succeeded. */
    private String tryToRun(String... arguments) {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            int code = process.waitFor();
            return code == 0 ? "" : "exit code " + code + " " + said;
        } catch (IOException e) {
            return e.getMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Takes the cable with it. */
    @Override
    public void close() {
        run("netns", "delete", name);
    }
}
