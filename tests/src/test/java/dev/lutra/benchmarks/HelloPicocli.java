package dev.lutra.benchmarks;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The smallest command that picocli makes, to measure start-up beside. */
@Command(name = "hello", mixinStandardHelpOptions = true, description = "Says hello.")
public final class HelloPicocli implements Runnable {

    @Option(names = "--name", description = "Whom to greet.")
    private String name = "world";

    @Override
    public void run() {
        System.out.println("hello " + name);
    }

    public static void main(String[] args) {
        System.exit(new CommandLine(new HelloPicocli()).execute(args));
    }
}
