package dev.lutra.server.cli.fleet;

import dev.lutra.InputException;
import dev.lutra.proto.CancelTasksRequest;
import dev.lutra.proto.TaskState;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.rpc.RemoteFleet;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "tasks", mixinStandardHelpOptions = true, description = "What a server's devices have still to do.", synopsisSubcommandLabel = "COMMAND", subcommands = {
    TasksCommand.ListAll.class, TasksCommand.Cancel.class})
public final class TasksCommand implements Runnable {

    @Override
    public void run() {
        throw new InputException("tasks: no command (expected: tasks list or cancel)");
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists the tasks that are not done, in the order in which they were submitted.")
    static final class ListAll extends FleetCommand {

        @Option(names = "--device", paramLabel = "NAME", defaultValue = "", description = "Those of this device alone.")
        private String device;

        @Option(names = "--owner", paramLabel = "OWNER", defaultValue = "", description = "Those of this owner alone, a run that waits for them.")
        private String owner;

        @Override
        protected void print(RemoteFleet fleet, boolean asJson) {
            List<TaskState> tasks = fleet.unfinished(device, owner);
            if (asJson) {
                System.out.println(Json.line(tasks.stream().map(ListAll::document).toList()));
                return;
            }
            TextTable table = new TextTable("device", "state", "priority", "owner", "submitted", "attempts", "task");
            tasks.forEach(task -> table.row(task.getDevice(), state(task), task.getPriority(), task.getOwner(), submitted(task),
                task.getAttempts(), task.getId()));
            System.out.print(table);
        }

        private static String state(TaskState task) {
            return task.getLeased() ? "leased" : "queued";
        }

        private static String submitted(TaskState task) {
            return Instant.ofEpochMilli(task.getSubmittedMillis()).truncatedTo(ChronoUnit.SECONDS).toString();
        }

        private static Map<String, Object> document(TaskState task) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("task", task.getId());
            document.put("device", task.getDevice());
            document.put("state", state(task));
            document.put("priority", task.getPriority());
            document.put("owner", task.getOwner());
            document.put("submitted", submitted(task));
            document.put("attempts", task.getAttempts());
            return document;
        }
    }

    @Command(name = "cancel", mixinStandardHelpOptions = true, description = "Fails tasks that are not done; their agents drop them, and who waits for them is told.")
    static final class Cancel extends FleetCommand {

        @ArgGroup(multiplicity = "1")
        private Which which;

        /** One of them. */
        static final class Which {

            @Parameters(paramLabel = "TASK", arity = "1..*", description = "As 'lutra tasks list' has them.")
            private List<String> tasks = List.of();

            @Option(names = "--device", paramLabel = "NAME", required = true, description = "All of this device.")
            private String device = "";

            @Option(names = "--owner", paramLabel = "OWNER", required = true, description = "All of this owner.")
            private String owner = "";
        }

        @Override
        protected void print(RemoteFleet fleet, boolean asJson) {
            CancelTasksRequest request = CancelTasksRequest.newBuilder().addAllTaskIds(which.tasks).setDevice(which.device).setOwner(which.owner)
                .build();
            int cancelled = fleet.access(stub -> stub.cancelTasks(request)).getCancelled();
            if (asJson) {
                System.out.println(Json.line(Map.of("cancelled", cancelled)));
            } else {
                int others = which.tasks.size() - cancelled;
                System.out.println("cancelled " + cancelled + " tasks" + (others > 0 ? "; the other " + others + " are done or not known" : ""));
            }
        }
    }
}
