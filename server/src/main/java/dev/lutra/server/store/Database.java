package dev.lutra.server.store;

import dev.lutra.proto.border.PrivateFiles;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
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
 * <p>A transaction that has returned is on the disk and outlives the process and a power cut (write-ahead log, synchronised by every
 * commit). Transactions run one after the other on one connection; those that come while another is being written are committed
 * together, so that many callers share the time that a disk takes. A second process that opens the same file waits for its turn.
 * What only looks does so beside them, on connections of its own. Trouble that passes is told by a {@link StorageException} and may be
 * {@link #patience waited out}.
 *
 * <p>When it is opened, every page is looked at once ({@code PRAGMA quick_check}): damage is told before work begins and not in the
 * middle of it. The file is its owner's alone.
 */
public final class Database implements AutoCloseable {

    /** How long a transaction waits for one of another process before it counts as trouble. */
    private static final int BUSY_TIMEOUT_MILLIS = 2_000;

    /** Transactions that are committed together, at most: none waits for long on others. */
    private static final int MOST_TOGETHER = 128;

    private static final String STEP = "step";

    private final Path file;
    private final Jdbi jdbi;
    private final Patience patience;
    private final Readers readers;
    private final ReentrantLock turn = new ReentrantLock();
    private final Queue<Step<?>> waiting = new ConcurrentLinkedQueue<>();
    /** Null after trouble: what a connection is left in then is not for a driver to say. */
    private Handle handle;
    private boolean closed;

    private Database(Path file, SQLiteDataSource source, Patience patience, int busyMillis) {
        this.file = file;
        this.jdbi = KeptStatements.jdbi(source);
        this.patience = patience;
        this.readers = new Readers(source.getUrl(), busyMillis);
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
                refuseEmptied(file);
                check(file, source);
                migrate(file, source);
                return new Database(file, source, patience, busyMillis);
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

    /** SQLite takes an empty file for a new database, and deletes the log that lies beside it. */
    private static void refuseEmptied(Path file) throws IOException {
        if (Files.size(file) == 0 && Files.exists(log(file)) && Files.size(log(file)) > 0) {
            throw damaged(file, "it is empty, and its log is not", null);
        }
    }

    /** Where transactions are that a database does not have in itself yet. */
    static Path log(Path file) {
        return file.resolveSibling(file.getFileName() + "-wal");
    }

    private static InputException damaged(Path file, String found, Exception cause) {
        return new InputException(file + ": damaged (" + found.lines().findFirst().orElse("").strip() + "; expected: a whole database). "
            + "Put a copy of it back (a server's: lutra restore BACKUP --data FOLDER), or move it away with its -wal and -shm: Lutra then "
            + "begins it anew, and finds out again the accuracies and measurements that only it had", cause);
    }

    private static SQLiteDataSource source(Path file, int busyMillis) {
        SQLiteConfig config = new SQLiteConfig();
        config.setJournalMode(JournalMode.WAL);
        config.setSynchronous(SynchronousMode.FULL);
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
     * Runs a transaction, alone, and returns its result once that is on the disk; an exception rolls it back. It may run on another thread.
     *
     * @throws StorageException when storage is in trouble that passes
     * @throws InputException when the file turns out to be damaged
     */
    public <R> R transaction(Function<Handle, R> work) {
        Step<R> step = new Step<>(work);
        waiting.add(step);
        boolean interrupted = false;
        while (!step.isOver()) {
            if (turn.tryLock()) {
                commitWaiting();
            } else {
                step.park(); // until somebody has committed it, or leaves the turn to it
                interrupted |= Thread.interrupted();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return step.result();
    }

    /**
     * Takes the right to write, so that another process that has the database is noticed.
     *
     * @throws StorageException when storage is in trouble that passes
     */
    public void requireWritable() {
        transaction(handle -> null);
    }

    /** Looks at what is committed, as of one moment, beside the transactions that are under way. Errors are those of a transaction. */
    public <R> R read(Function<Handle, R> work) {
        try {
            return readers.read(work);
        } catch (RuntimeException e) {
            throw explained(e);
        }
    }

    private void commitWaiting() {
        try {
            List<Step<?>> steps = next();
            if (!steps.isEmpty()) {
                commit(steps);
            }
        } finally {
            leaveTurn();
        }
    }

    private void leaveTurn() {
        turn.unlock();
        Step<?> next = waiting.peek();
        if (next != null) {
            next.unpark();
        }
    }

    private List<Step<?>> next() {
        List<Step<?>> steps = new ArrayList<>();
        for (Step<?> step = waiting.poll(); step != null; step = steps.size() < MOST_TOGETHER ? waiting.poll() : null) {
            steps.add(step);
        }
        return steps;
    }

    private void commit(List<Step<?>> steps) {
        try {
            if (closed) {
                throw new IllegalStateException(file + ": closed");
            }
            if (handle == null) {
                handle = jdbi.open();
            }
            handle.begin();
            if (steps.size() == 1 ? succeeds(steps.get(0)) : succeedTogether(steps)) {
                handle.commit();
            } else {
                handle.rollback();
            }
            steps.forEach(Step::end);
            patience.succeeded();
        } catch (RuntimeException | Error e) {
            RuntimeException told = e instanceof RuntimeException known ? explained(known) : new IllegalStateException(e);
            disconnect();
            if (told instanceof StorageException) {
                patience.met(told.getMessage());
            }
            steps.forEach(step -> step.fail(told));
        }
    }

    /** Whether there is something to commit; trouble with storage is every step's, and thrown. */
    private boolean succeeds(Step<?> step) {
        try {
            step.run(handle);
            return true;
        } catch (RuntimeException e) {
            if (isOfStorage(e)) {
                throw e;
            }
            step.refuse(e);
            return false;
        }
    }

    private boolean succeedTogether(List<Step<?>> steps) {
        for (Step<?> step : steps) {
            handle.savepoint(STEP);
            if (succeeds(step)) {
                handle.releaseSavepoint(STEP);
            } else {
                handle.rollbackToSavepoint(STEP);
            }
        }
        return true;
    }

    private boolean isOfStorage(RuntimeException problem) {
        return explained(problem) != problem;
    }

    private RuntimeException explained(RuntimeException e) {
        Optional<StorageException> trouble = StorageException.of(file, e);
        if (trouble.isPresent()) {
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
        turn.lock();
        try {
            closed = true;
            disconnect();
        } finally {
            leaveTurn();
        }
        readers.close();
    }
}
