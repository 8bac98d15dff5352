package dev.lutra.server.cli.output;

import dev.lutra.Names;

/** Lines of an answer for people; what others named in them is shown as {@link Names#shown} has it. */
public final class Lines {

    private Lines() {}

    public static void print(String line) {
        System.out.println(Names.shown(line));
    }
}
