package dev.lutra.server.cli.output;

import picocli.CommandLine.IVersionProvider;

/** The version of this build, from the manifest. */
public final class Version implements IVersionProvider {

    public static String text() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "dev" : version;
    }

    @Override
    public String[] getVersion() {
        return new String[]{"lutra " + text()};
    }
}
