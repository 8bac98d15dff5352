package dev.lutra.server.cli;

import picocli.CommandLine.IVersionProvider;

/** The version of this build, from the manifest. */
final class Version implements IVersionProvider {

    static String text() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "dev" : version;
    }

    @Override
    public String[] getVersion() {
        return new String[]{"lutra " + text()};
    }
}
