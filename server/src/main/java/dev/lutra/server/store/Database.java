package dev.lutra.server.store;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.proto.border.FileTrouble;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConfig.JournalMode;
import org.sqlite.SQLiteConfig.SynchronousMode;
import org.sqlite.SQLiteConfig.TransactionMode;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * A server's SQLite file, brought to the schema of this version when it is opened.
 *
 * <p>A transaction that has returned outlives the process (write-ahead log); a power cut may take the newest ones with it
 * but leaves the file whole. Transactions run one after the other on one connection; a second process that opens the
 * same file waits for its turn. Trouble that passes is told by a {@link StorageException} and may be {@link #patience waited out}.
 *
 * <p>When it is opened, every page is looked at once ({@code PRAGMA quick_check}): damage is told before work begins and not in the
 * middle of it. The file is its owner's alone.
 */
public final class Database implements AutoCloseable {

    /** How long a transaction waits for one of another process before it counts as trouble. */
    private static final int BUSY_TIMEOUT_MILLIS = 2_000;

    private final Path file;
    private final SQLiteDataSource source;
    private final Patience patience;
    private final Object turn = new Object();
    /** Null after trouble: what a connection is left in then is not for a driver to say. */
    private Handle handle;
    private boolean closed;

    private Database(Path file, SQLiteDataSource source, Patience patience) {
        this.file = file;
        this.source = source;
        this.patience = patience;
    }

    /** As {@link #open(Path, Consumer)}, telling nobody what is waited for. */
    public static Database open(Path file) {
        return open(file, line -> {});
    }

    /**
     * Opens a database, and creates it and its folder where there is none.
     *
     * @param say told what is waited for, should its storage be in trouble
     * @throws InputException when the file is no database, not Lutra's, of a newer Lutra, damaged, or cannot be opened
     */
    public static Database open(Path file, Consumer<String> say) {
        return open(file, say, BUSY_TIMEOUT_MILLIS);
    }

    static Database open(Path file, Consumer<String> say, int busyMillis) {
        InputFile.requireRegularOrNone(file);
        SQLiteDataSource source = source(file, busyMillis);
        Patience patience = new Patience(say);
        return patience.waitOut(() -> {
            try {
                makePrivate(file);
                check(file, source);
                migrate(file, source);
                return new Database(file, source, patience);
            } catch (IOException | SQLException | RuntimeException e) {
                throw e instanceof InputException known ? known : unusable(file, e);
            }
        });
    }

    /** Beside it lie a log and what the processes that have it open share, of the same permissions if they are made later. */
    private static void makePrivate(Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        try {
            Files.createFile(file, PrivateFiles.attributes());
        } catch (FileAlreadyExistsException e) {
            List.of("", "-wal", "-shm").forEach(end -> PrivateFiles.close(file.resolveSibling(file.getFileName() + end)));
        }
    }

    private static void check(Path file, SQLiteDataSource source) throws SQLException {
        try (Connection connection = source.getConnection();
            Statement statement = connection.createStatement();
            ResultSet found = statement.executeQuery("PRAGMA quick_check(1)")) {
            if (found.next() && !found.getString(1).equals("ok")) {
                throw damaged(file, found.getString(1), null);
            }
        }
    }

    private static InputException damaged(Path file, String found, Exception cause) {
        return new InputException(file + ": damaged (" + found.lines().findFirst().orElse("").strip() + "; expected: a whole database). "
            + "Put a copy of it back, or move it away with its -wal and -shm: Lutra then begins it anew, and finds out again "
            + "the accuracies and measurements that only it had", cause);
    }

    private static SQLiteDataSource source(Path file, int busyMillis) {
        SQLiteConfig config = new SQLiteConfig();
        config.setJournalMode(JournalMode.WAL);
        config.setSynchronous(SynchronousMode.NORMAL);
        config.setBusyTimeout(busyMillis);
        config.enforceForeignKeys(true);
        // A transaction that turns from reader into writer fails at once when another process wrote in between.
        config.setTransactionMode(TransactionMode.IMMEDIATE);
        SQLiteDataSource source = new SQLiteDataSource(config);
        source.setUrl("jdbc:sqlite:" + file.toAbsolutePath());
        return source;
    }

    private static void migrate(Path file, SQLiteDataSource source) {
        Flyway flyway = Flyway.configure(Database.class.getClassLoader())
            .dataSource(source)
            .locations("classpath:db/migration")
            .loggers(QuietFlyway.class.getName())
            .load();
        var migrations = flyway.info();
        for (MigrationInfo migration : migrations.applied()) {
            if (migration.getState() == MigrationState.FUTURE_SUCCESS) {
                throw InputException.in(file, "written by a newer Lutra (schema version " + migration.getVersion() + ")");
            }
        }
        if (migrations.pending().length > 0) {
            flyway.migrate();
        }
    }

    private static InputException unusable(Path file, Exception problem) {
        Optional<StorageException> trouble = StorageException.of(file, problem);
        if (trouble.isPresent()) {
            throw trouble.get();
        }
        for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLiteException sqlite && isDamage(sqlite)) {
                return damaged(file, sqlite.getResultCode().message, problem);
            }
            if (cause instanceof SQLiteException sqlite && sqlite.getResultCode() == SQLiteErrorCode.SQLITE_NOTADB) {
                return new InputException(file + ": not a database (expected: an SQLite file written by Lutra)", problem);
            }
            if (cause instanceof IOException unopened) {
                return new InputException(file + ": cannot be opened (" + FileTrouble.reason(file, unopened) + ")", problem);
            }
            if (cause instanceof SQLException) {
                return new InputException(file + ": cannot be opened (" + cause.getMessage() + ")", problem);
            }
        }
        if (problem instanceof FlywayException) {
            return new InputException(file + ": not a database of Lutra", problem);
        }
        throw (RuntimeException) problem;
    }

    private static boolean isDamage(SQLiteException problem) {
        return (problem.getResultCode().code & 0xff) == SQLiteErrorCode.SQLITE_CORRUPT.code;
    }

    /** For whoever has nothing better to do than to wait until storage works again. */
    public Patience patience() {
        return patience;
    }

    /** Runs a transaction as {@link #transaction} does, and waits while storage is in trouble. */
    public <R> R patiently(Function<Handle, R> work) {
        return patience.waitOut(() -> transaction(work::apply));
    }

    /**
     * Runs a transaction, alone, and returns its result; an exception rolls it back.
     *
     * @throws StorageException when storage is in trouble that passes
     * @throws InputException when the file turns out to be damaged
     */
    public <R> R transaction(Function<Handle, R> work) {
        synchronized (turn) {
            if (closed) {
                throw new IllegalStateException(file + ": closed");
            }
            try {
                if (handle == null) {
                    handle = Jdbi.open(source);
                }
                return handle.inTransaction(work::apply);
            } catch (RuntimeException e) {
                throw explained(e);
            }
        }
    }

    private RuntimeException explained(RuntimeException e) {
        Optional<StorageException> trouble = StorageException.of(file, e);
        if (trouble.isPresent()) {
            disconnect();
            return trouble.get();
        }
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLiteException sqlite && isDamage(sqlite)) {
                return damaged(file, sqlite.getResultCode().message, e);
            }
        }
        return e;
    }

    private void disconnect() {
        try {
            if (handle != null) {
                handle.close();
            }
        } catch (RuntimeException e) {
            // in the trouble that is told already; the next transaction has a connection of its own
        } finally {
            handle = null;
        }
    }

    @Override
    public void close() {
        synchronized (turn) {
            closed = true;
            disconnect();
        }
    }
}
