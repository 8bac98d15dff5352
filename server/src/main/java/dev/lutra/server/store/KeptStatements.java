package dev.lutra.server.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.DefaultStatementBuilder;
import org.jdbi.v3.core.statement.StatementContext;
import org.sqlite.SQLiteDataSource;

/** Keeps what a connection has prepared for the next time that it is wanted: preparing took a third of the time of small transactions. */
final class KeptStatements extends DefaultStatementBuilder {

    /** More than all kinds of statements that this program has; those with texts of their own are not kept beyond it. */
    private static final int MOST = 100;

    /** Those that nobody uses just now. */
    private final Map<String, PreparedStatement> kept = new HashMap<>();

    private final Map<Statement, String> used = new IdentityHashMap<>();

    private KeptStatements() {}

    /** Opens connections that keep their statements. */
    static Jdbi jdbi(SQLiteDataSource source) {
        return Jdbi.create(source).setStatementBuilderFactory(connection -> new KeptStatements());
    }

    @Override
    public PreparedStatement create(Connection connection, String sql, StatementContext context) throws SQLException {
        PreparedStatement ready = kept.remove(sql);
        PreparedStatement statement = ready == null ? super.create(connection, sql, context) : ready;
        used.put(statement, sql);
        return statement;
    }

    /** @param written as its writer has it, with names of parameters: not as it was prepared */
    @Override
    public void close(Connection connection, String written, Statement statement) throws SQLException {
        String sql = used.remove(statement);
        if (sql == null || kept.size() >= MOST || kept.containsKey(sql)) {
            super.close(connection, written, statement);
        } else {
            PreparedStatement prepared = (PreparedStatement) statement;
            prepared.clearParameters();
            kept.put(sql, prepared);
        }
    }

    @Override
    public void close(Connection connection) {
        kept.clear(); // they end with their connection
    }
}
