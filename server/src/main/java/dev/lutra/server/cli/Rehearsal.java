package dev.lutra.server.cli;

import java.util.List;

/** Runs the commands that are to answer at once, for a JVM that notes which classes they take. */
final class Rehearsal {

    private static final List<String> COMMANDS = List.of("--help", "spaces", "spaces --json", "lut --help",
        "describe shufflenetv2-cifar", "describe shufflenetv2-cifar --json", "describe shufflenetv2-cifar --arch random",
        "describe shufflenetv2-cifar --arch random --json");
    private static final String PREDICT = "predict ofa-mobilenetv3-12 --arch k3e3,k3e3,skip,skip,k5e4,k3e3,k3e4,skip,k5e4,k3e3,k5e4,"
        + "skip,k3e6,k3e4,k3e4,skip,k3e6,k3e3,k3e4,k3e6 --lut ";

    private Rehearsal() {}

    /**
     * Runs them.
     *
     * @param args a lookup table of ofa-mobilenetv3-12
     */
    public static void main(String[] args) {
        COMMANDS.forEach(command -> Main.run(command.split(" ")));
        Main.run((PREDICT + args[0]).split(" "));
        Main.run((PREDICT + args[0] + " --json").split(" "));
    }
}
