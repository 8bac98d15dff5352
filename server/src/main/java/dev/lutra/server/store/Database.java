package dev.lutra.server.store;

import dev.lutra.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
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
 * same file waits for its turn.
 */
public final class Database implements AutoCloseable {

    /** How long a transaction waits for one of another process. */
    private static final int BUSY_TIMEOUT_MILLIS = 10_000;

    private final Handle handle;

    private Database(Handle handle) {
        this.handle = handle;
    }

    /**
     * Opens a database, and creates it and its folder where there is none.
     *
     * @throws InputException when the file is no database, not Lutra's, of a newer Lutra, or cannot be opened
     */
    public static Database open(Path file) {
        SQLiteDataSource source = source(file);
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            migrate(file, source);
            return new Database(Jdbi.open(source));
        } catch (IOException | RuntimeException e) {
            throw e instanceof InputException known ? known : unusable(file, e);
        }
    }

    private static SQLiteDataSource source(Path file) {
        SQLiteConfig config = new SQLiteConfig();
        config.setJournalMode(JournalMode.WAL);
        config.setSynchronous(SynchronousMode.NORMAL);
        config.setBusyTimeout(BUSY_TIMEOUT_MILLIS);
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
        for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLiteException sqlite && sqlite.getResultCode() == SQLiteErrorCode.SQLITE_NOTADB) {
                return new InputException(file + ": not a database (expected: an SQLite file written by Lutra)", problem);
            }
            if (cause instanceof IOException || cause instanceof SQLException) {
                return new InputException(file + ": cannot be opened (" + cause.getMessage() + ")", problem);
            }
        }
        if (problem instanceof FlywayException) {
            return new InputException(file + ": not a database of Lutra", problem);
        }
        throw (RuntimeException) problem;
    }

    /** Runs a transaction, alone, and returns its result; an exception rolls it back. */
    public <R, X extends Exception> R transaction(HandleCallback<R, X> work) throws X {
        synchronized (handle) {
            return handle.inTransaction(work);
        }
    }

    @Override
    public void close() {
        synchronized (handle) {
            handle.close();
        }
    }
}
