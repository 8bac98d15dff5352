package dev.lutra.server.store;

import dev.lutra.FileTree;
import dev.lutra.InputException;
import dev.lutra.Names;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.border.PrivateFiles;
import dev.lutra.proto.content.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.sqlite.SQLiteDataSource;

/**
 * A folder of a server in one file, taken while the server and its runs work: its database and that of every run as of one moment each, then
 * the models, which never change, and what else is its own and the runs'. What has been acknowledged before is in it. It holds the server's
 * secrets, so it is its owner's alone.
 */
public final class Backup {

    private static final String DATABASE = "lutra.db";
    /** What belongs to a process that runs, or was never finished. */
    private static final Pattern PASSING = Pattern.compile("lutra\\.db-.*|lock|.*\\.(part|tmp)");
    private static final Pattern MODEL = Pattern.compile("(?:.*/)?models/([0-9a-f]{64})\\.onnx");

    private Backup() {}

    /**
     * Writes a backup.
     *
     * @param data folder of a server
     * @throws InputException when there is no server's folder, or the file is there already or cannot be written
     */
    public static void write(Path data, Path file) {
        if (!Files.isRegularFile(data.resolve(DATABASE))) {
            throw new InputException(data + ": no folder of a server (expected: " + DATABASE + " in it)");
        }
        if (Files.exists(file)) {
            throw new InputException(file + ": is there already (expected: a new file)");
        }
        Path target = file.toAbsolutePath();
        try {
            Path work = Files.createTempDirectory(Files.createDirectories(target.getParent()), ".backup");
            try {
                Path part = Files.createFile(work.resolve("backup.part"), PrivateFiles.attributes());
                pack(data, work, part);
                try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
                    channel.force(true);
                }
                Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                new FileTree(work).delete();
            }
        } catch (IOException e) {
            throw new InputException(file + ": cannot be written (" + FileTrouble.reason(file, e) + ")", e);
        }
    }

    private static void snapshot(Path database, Path copy) {
        SQLiteDataSource source = new SQLiteDataSource();
        source.setUrl("jdbc:sqlite:" + database.toAbsolutePath());
        try (Connection connection = source.getConnection(); PreparedStatement vacuum = connection.prepareStatement("VACUUM INTO ?")) {
            vacuum.setString(1, copy.toString());
            vacuum.execute();
        } catch (SQLException e) {
            throw new InputException(database + ": cannot be copied (" + e.getMessage() + ")", e);
        }
    }

    /** Databases first: what they name is there by then, and stays. */
    private static void pack(Path data, Path work, Path part) throws IOException {
        List<Path> databases;
        try (Stream<Path> files = Files.walk(data)) {
            databases = files.filter(Backup::isDatabase).sorted(Comparator.comparing(Path::getNameCount)).toList();
        }
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(part))) {
            zip.setLevel(Deflater.BEST_SPEED);
            for (Path database : databases) {
                Path snapshot = work.resolve(DATABASE);
                snapshot(database, snapshot);
                add(zip, name(data, database), snapshot);
                Files.delete(snapshot);
            }
            try (Stream<Path> files = Files.walk(data)) {
                for (Path file : files.filter(Files::isRegularFile).filter(file -> !isDatabase(file)).sorted().toList()) {
                    if (!PASSING.matcher(file.getFileName().toString()).matches() && !Files.isSameFile(file, part)) {
                        add(zip, name(data, file), file);
                    }
                }
            }
        } catch (UncheckedIOException e) { // of a folder that is gone meanwhile
            throw e.getCause();
        }
    }

    private static boolean isDatabase(Path file) {
        return file.getFileName().toString().equals(DATABASE) && Files.isRegularFile(file);
    }

    private static String name(Path data, Path file) {
        return data.relativize(file).toString().replace('\\', '/');
    }

    private static void add(ZipOutputStream zip, String name, Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            zip.putNextEntry(new ZipEntry(name));
            in.transferTo(zip);
            zip.closeEntry();
        } catch (NoSuchFileException e) {
            // gone meanwhile: nothing that the database needs
        }
    }

    /**
     * Makes a server's folder from a backup, whole or not at all.
     *
     * @throws InputException when the folder is there and not empty, or the file is no whole backup
     */
    public static void restore(Path file, Path data) {
        Path target = data.toAbsolutePath().normalize();
        try {
            if (Files.exists(target) && !isEmpty(target)) {
                throw new InputException(data + ": is not empty (expected: a new folder)");
            }
            Path work = Files.createTempDirectory(Files.createDirectories(target.getParent()), ".restore");
            try {
                unpack(file, work);
                try (Stream<Path> files = Files.walk(work)) {
                    files.filter(Backup::isDatabase).toList().forEach(database -> Database.open(database).close()); // says what is wrong with it
                }
                Files.deleteIfExists(target);
                Files.move(work, target, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                new FileTree(work).delete();
            }
        } catch (IOException e) {
            throw new InputException(file + ": cannot be restored to " + data + " (" + FileTrouble.reason(file, e) + ")", e);
        }
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.findAny().isEmpty();
        }
    }

    private static void unpack(Path file, Path folder) throws IOException {
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(file))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Path unpacked = folder.resolve(entry.getName()).normalize();
                if (entry.isDirectory() || unpacked.equals(folder) || !unpacked.startsWith(folder)) {
                    throw new InputException(file + ": holds '" + Names.shown(entry.getName()) + "' (expected: a backup of lutra backup)");
                }
                PrivateFiles.folder(unpacked.getParent());
                Files.createFile(unpacked, PrivateFiles.attributes());
                MessageDigest digest = Sha256.digest();
                try (OutputStream out = Files.newOutputStream(unpacked)) {
                    new DigestInputStream(zip, digest).transferTo(out);
                }
                Matcher model = MODEL.matcher(entry.getName());
                if (model.matches() && !model.group(1).equals(Sha256.end(digest))) {
                    throw new InputException(file + ": damaged: " + entry.getName() + " is not what its name says");
                }
            }
        }
        if (!Files.exists(folder.resolve(DATABASE))) {
            throw new InputException(file + ": no backup (expected: a file of lutra backup)");
        }
    }
}
