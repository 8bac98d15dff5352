package dev.lutra.tests;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * The tasks in a database that another process works on, looked at again and again.
 *
 * @param database its file, which need not be there yet
 */
record TaskTable(Path database) {

    /** The first column of what a query finds; nothing while the database is being made. */
    List<String> rows(String query) {
        if (!Files.exists(database)) {
            return List.of();
        }
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database);
            Statement statement = connection.createStatement();
            ResultSet found = statement.executeQuery(query)) {
            List<String> rows = new ArrayList<>();
            while (found.next()) {
                rows.add(found.getString(1));
            }
            return rows;
        } catch (SQLException e) {
            return List.of();
        }
    }

    /** Of the tasks that are done, name and outcome. */
    List<String> done() {
        return rows("SELECT id || ' ' || coalesce(hex(outcome), '') FROM tasks WHERE state = 'done'");
    }
}
