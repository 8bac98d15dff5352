package dev.lutra.server.operation;

/** The version of this build, from the manifest. */
public final class Build {

    private Build() {}

    public static String version() {
        String version = Build.class.getPackage().getImplementationVersion();
        return version == null ? "dev" : version;
    }
}
