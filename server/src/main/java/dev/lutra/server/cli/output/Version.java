package dev.lutra.server.cli.output;

import dev.lutra.server.operation.Build;
import picocli.CommandLine.IVersionProvider;

/** The version of this build, from the manifest. */
public final class Version implements IVersionProvider {

    public static String text() {
        return Build.version();
    }

    @Override
    public String[] getVersion() {
        return new String[]{"lutra " + text()};
    }
}
