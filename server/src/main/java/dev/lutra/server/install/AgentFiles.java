package dev.lutra.server.install;

import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.content.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What the agent consists of: its jar and the libraries that the jar names. Of ONNX Runtime, whose archive holds every platform's
 * libraries, a platform gets its own alone. Files are known by their SHA-256. Safe for use by several threads.
 */
public final class AgentFiles {

    /** As the launcher names it to the server. */
    private static final String JAR = "lutra.agent.jar";
    private static final String RUNTIME = "onnxruntime";
    private static final Pattern NATIVE = Pattern.compile("ai/onnxruntime/native/(?<platform>[a-z0-9]+-[a-z0-9_]+)/.*");

    /**
     * One file.
     *
     * @param name relative path where it is installed, with {@code /}
     * @param content where it lies here
     */
    public record AgentFile(String name, String sha256, Path content) {}

    private final Path jar;
    private final Path folder;
    private List<AgentFile> common;
    private final List<AgentFile> runtimes = new ArrayList<>();

    /** @param folder for what is made of a platform's runtime; empty at first, of this process alone */
    AgentFiles(Path jar, Path folder) {
        this.jar = jar;
        this.folder = folder;
    }

    /** Of the agent that lies beside this program; empty where it was not started by the launcher. */
    public static Optional<AgentFiles> besideThisProgram(Path folder) {
        return Optional.ofNullable(System.getProperty(JAR)).map(Path::of).filter(Files::exists).map(jar -> new AgentFiles(jar, folder));
    }

    /** Where its ONNX Runtime has libraries for: {@code linux-x64}, {@code linux-aarch64}, … */
    public List<String> platforms() {
        try (JarFile runtime = new JarFile(runtime().toFile())) {
            return List.copyOf(runtime.stream().map(entry -> NATIVE.matcher(entry.getName())).filter(Matcher::matches)
                .map(found -> found.group("platform")).collect(Collectors.toCollection(TreeSet::new)));
        } catch (IOException e) {
            throw broken(runtime(), e);
        }
    }

    /**
     * All files that a platform gets.
     *
     * @return empty if its ONNX Runtime has nothing for that platform
     */
    public synchronized List<AgentFile> of(String platform) {
        if (!platforms().contains(platform)) {
            return List.of();
        }
        if (common == null) {
            List<AgentFile> read = new ArrayList<>(List.of(file(jar.getFileName().toString(), jar)));
            libraries().stream().filter(name -> !isRuntime(name)).map(name -> file(name, jar.resolveSibling(name))).forEach(read::add);
            common = read;
        }
        List<AgentFile> all = new ArrayList<>(common);
        all.add(runtimeOf(platform));
        return all;
    }

    /** A file that {@link #of} has told of. */
    public synchronized Optional<AgentFile> withHash(String sha256) {
        List<AgentFile> told = new ArrayList<>(common == null ? List.of() : common);
        told.addAll(runtimes);
        return told.stream().filter(file -> file.sha256().equals(sha256)).findFirst();
    }

    private static AgentFile file(String name, Path content) {
        return new AgentFile(name, Sha256.ofFile(content), content);
    }

    /** As the jar's manifest has them, relative to it. */
    private List<String> libraries() {
        try (JarFile agent = new JarFile(jar.toFile())) {
            return List.of(agent.getManifest().getMainAttributes().getValue(Attributes.Name.CLASS_PATH).split(" "));
        } catch (IOException e) {
            throw broken(jar, e);
        }
    }

    private static boolean isRuntime(String library) {
        return library.substring(library.lastIndexOf('/') + 1).startsWith(RUNTIME);
    }

    private String runtimeName() {
        return libraries().stream().filter(AgentFiles::isRuntime).findFirst()
            .orElseThrow(() -> new IllegalStateException(jar + ": names no " + RUNTIME));
    }

    private Path runtime() {
        return jar.resolveSibling(runtimeName());
    }

    private AgentFile runtimeOf(String platform) {
        Path own = folder.resolve(platform + ".jar");
        Optional<AgentFile> made = runtimes.stream().filter(file -> file.content().equals(own)).findFirst();
        if (made.isPresent()) {
            return made.get();
        }
        try {
            Files.createDirectories(folder);
            Path part = Files.createTempFile(folder, platform, ".part");
            try {
                copyFor(platform, part);
                Files.move(part, own, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            throw broken(own, e);
        }
        AgentFile file = file(runtimeName(), own);
        runtimes.add(file);
        return file;
    }

    /** The runtime without what other platforms would load; entries keep their times, so that the same runtime gives the same bytes. */
    private void copyFor(String platform, Path to) throws IOException {
        try (JarFile whole = new JarFile(runtime().toFile()); JarOutputStream part = new JarOutputStream(Files.newOutputStream(to))) {
            for (JarEntry entry : whole.stream().toList()) {
                Matcher library = NATIVE.matcher(entry.getName());
                if (entry.isDirectory() || library.matches() && !library.group("platform").equals(platform)) {
                    continue;
                }
                JarEntry copy = new JarEntry(entry.getName());
                copy.setTime(entry.getTime());
                part.putNextEntry(copy);
                try (InputStream content = whole.getInputStream(entry)) {
                    content.transferTo(part);
                }
                part.closeEntry();
            }
        }
    }

    private static UncheckedIOException broken(Path file, IOException e) {
        return new UncheckedIOException(file + ": " + FileTrouble.reason(e), e);
    }
}
