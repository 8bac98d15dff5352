package dev.lutra.agent.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A root folder of its own for a process, and namespaces of its own for everything else (Linux: user_namespaces(7),
 * mount_namespaces(7), network_namespaces(7), pid_namespaces(7)), by util-linux alone. In it are the system's programs and libraries,
 * accelerators and what drives them, Java, the class path and ONNX Runtime, all read-only, and one folder to write to. Not in it:
 * home folders, other temporary folders, most of {@code /etc} and {@code /dev}, other processes, any network. Capabilities and the
 * way to more of them are given up before the program starts, and what it starts ends with it.
 */
final class Sandbox {

    /** Programs and libraries: folders, or links to them. */
    private static final List<String> SYSTEM = List.of("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store",
        "/gnu/store");
    /** What drivers of accelerators keep elsewhere, and what the loader and Java are configured by. */
    private static final List<String> PARTS = List.of("/opt/cuda*", "/opt/rocm*", "/opt/nvidia*", "/opt/intel*", "/opt/hailo*",
        "/run/opengl-driver*", "/run/nvidia-persistenced", "/etc/ld.so.cache", "/etc/alternatives", "/etc/java*", "/etc/crypto-policies",
        "/etc/OpenCL", "/etc/vulkan", "/etc/glvnd", "/etc/nvidia*");
    private static final List<String> DEVICES = List.of("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
        "/dev/nvidia*", "/dev/nvhost*", "/dev/nvmap", "/dev/tegra*", "/dev/dri", "/dev/kfd", "/dev/accel", "/dev/dxg", "/dev/mali*",
        "/dev/kgsl*", "/dev/dma_heap", "/dev/ion", "/dev/galcore", "/dev/apex*", "/dev/hailo*", "/dev/rknpu*", "/dev/qaic*");
    /** A mount made from another keeps these; to leave one out is not permitted. */
    private static final Set<String> KEPT_OPTIONS = Set.of("nosuid", "nodev", "noexec", "noatime", "relatime", "nodiratime");

    /**
     * Enters the root ($1) with the mounts of a table ($2) in a folder ($3) and runs the rest. The shell stays, for the first process of
     * a namespace does not die of most signals, and says nothing of how the other one ended but its status.
     */
    private static final String ENTER = """
        set -e
        PATH=$PATH:/usr/sbin:/sbin
        root=$1; table=$2; work=$3; shift 3
        mount --rbind "$root" "$root"
        mount -a -T "$table"
        cd "$root"
        pivot_root . .old
        cd /
        umount -l /.old
        mount -o remount,bind,ro"$(cat /.options)" /
        cd "$work"
        if (ulimit -u 4096) 2>/dev/null; then ulimit -u 4096; elif (ulimit -p 4096) 2>/dev/null; then ulimit -p 4096; fi
        set +e
        exec 3>&2 2>/dev/null
        setpriv --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@" 2>&3 3>&-
        exit $?
        """;

    private final Path root;
    private final Path table;
    private final Path work;
    private final List<Path> mounted = new ArrayList<>();
    private final StringBuilder lines = new StringBuilder();

    private Sandbox(ScratchFolder scratch) {
        root = scratch.folder().resolve("root");
        table = scratch.folder().resolve("mounts");
        work = scratch.work();
    }

    /**
     * Prepares one; nothing runs in it yet.
     *
     * @param visible files and folders that the program needs beside the system's, read-only
     * @return what to put before a command to run it inside
     */
    static List<String> prepare(ScratchFolder scratch, List<Path> visible) throws IOException {
        Sandbox sandbox = new Sandbox(scratch);
        sandbox.lay(visible);
        return List.of("unshare", "--user", "--map-root-user", "--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child",
            "sh", "-c", ENTER, "sh", sandbox.root.toString(), sandbox.table.toString(), sandbox.work.toString());
    }

    private void lay(List<Path> visible) throws IOException {
        Files.createDirectories(root.resolve(".old"));
        // what the scratch folder's own mount has, for the root lies on it
        Files.writeString(root.resolve(".options"), options(root).stream().map(option -> "," + option).collect(Collectors.joining()));
        for (String path : SYSTEM) {
            system(Path.of(path));
        }
        for (String pattern : PARTS) {
            for (Path path : matching(pattern)) {
                readOnly(path);
            }
        }
        for (Path path : visible) {
            readOnly(path.toAbsolutePath().normalize());
        }
        for (String pattern : DEVICES) {
            for (Path path : matching(pattern)) {
                line(path.toString(), place(path), "none", "rbind");
            }
        }
        line("tmpfs", Files.createDirectories(root.resolve("dev/shm")), "tmpfs", "nosuid,nodev,size=25%");
        line("proc", Files.createDirectories(root.resolve("proc")), "proc", "nosuid,nodev,noexec");
        line("sysfs", Files.createDirectories(root.resolve("sys")), "sysfs", "ro,nosuid,nodev,noexec");
        line(work.toString(), place(work), "none", "rbind");
        Files.writeString(table, lines, StandardCharsets.UTF_8);
    }

    private void system(Path path) throws IOException {
        if (Files.isSymbolicLink(path)) {
            Files.createSymbolicLink(inside(path), Files.readSymbolicLink(path));
            mounted.add(path);
        } else {
            readOnly(path);
        }
    }

    private void readOnly(Path path) throws IOException {
        if (Files.exists(path) && mounted.stream().noneMatch(path::startsWith)) {
            TreeSet<String> options = new TreeSet<>(options(path));
            line(path.toString(), place(path), "none",
                Stream.concat(Stream.of("rbind", "ro"), options.stream()).collect(Collectors.joining(",")));
            mounted.add(path);
        }
    }

    private Path inside(Path path) {
        return root.resolve(path.getRoot().relativize(path));
    }

    /** Something to mount on. */
    private Path place(Path path) throws IOException {
        Path place = inside(path);
        if (Files.isDirectory(path)) {
            return Files.createDirectories(place);
        }
        Files.createDirectories(place.getParent());
        return Files.exists(place) ? place : Files.createFile(place);
    }

    private void line(String what, Path where, String type, String options) {
        lines.append(String.join(" ", escaped(what), escaped(where.toString()), type, options, "0 0")).append('\n');
    }

    /** As fstab(5) has it. */
    private static String escaped(String path) {
        return path.replace("\\", "\\134").replace(" ", "\\040").replace("\t", "\\011").replace("\n", "\\012");
    }

    private static List<Path> matching(String pattern) throws IOException {
        Path path = Path.of(pattern);
        if (!Files.isDirectory(path.getParent())) {
            return List.of();
        }
        try (DirectoryStream<Path> found = Files.newDirectoryStream(path.getParent(), path.getFileName().toString())) {
            List<Path> all = new ArrayList<>();
            found.forEach(all::add);
            return all;
        }
    }

    /** Those of the mount that a path lies on which a mount made from it has to keep. */
    private static List<String> options(Path path) throws IOException {
        Path real = path.toRealPath();
        return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream().map(line -> line.split(" "))
            .filter(fields -> real.startsWith(unescaped(fields[4])))
            // the longest, and of several on one place the last
            .reduce((one, other) -> unescaped(other[4]).getNameCount() >= unescaped(one[4]).getNameCount() ? other : one)
            .map(fields -> Arrays.stream(fields[5].split(",")).filter(KEPT_OPTIONS::contains).toList()).orElse(List.of());
    }

    private static Path unescaped(String field) {
        return Path.of(field.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\"));
    }
}
