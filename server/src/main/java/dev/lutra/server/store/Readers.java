package dev.lutra.server.store;

import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConfig.TransactionMode;
import org.sqlite.SQLiteDataSource;

/** A few connections that look at a database, each for one caller at a time. */
final class Readers implements AutoCloseable {

    private static final int MOST = 4;

    private final String url;
    private final Jdbi jdbi;
    private final Semaphore free = new Semaphore(MOST);
    private final Deque<Handle> idle = new ConcurrentLinkedDeque<>();
    private volatile boolean closed;

    Readers(String url, int busyMillis) {
        SQLiteConfig config = new SQLiteConfig();
        config.setBusyTimeout(busyMillis);
        config.setTransactionMode(TransactionMode.DEFERRED); // it writes nothing, so it waits for nobody
        SQLiteDataSource source = new SQLiteDataSource(config);
        source.setUrl(url);
        this.url = url;
        this.jdbi = KeptStatements.jdbi(source);
    }

    <R> R read(Function<Handle, R> work) {
        free.acquireUninterruptibly();
        try {
            if (closed) {
                throw new IllegalStateException(url + ": closed");
            }
            Handle idleOne = idle.poll();
            Handle handle = idleOne == null ? jdbi.open() : idleOne;
            boolean isSound = false;
            try {
                R result = handle.inTransaction(work::apply);
                isSound = true;
                return result;
            } finally {
                if (isSound) {
                    idle.push(handle);
                } else {
                    handle.close();
                }
            }
        } finally {
            free.release();
        }
    }

    @Override
    public void close() {
        closed = true;
        free.acquireUninterruptibly(MOST);
        idle.forEach(Handle::close);
        idle.clear();
        free.release(MOST);
    }
}
