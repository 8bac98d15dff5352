package dev.lutra.server.cli.fleet;

import dev.lutra.proto.AgentState;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Standing;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.TextTable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The devices of a server, as commands show them. */
final class DeviceTable {

    private DeviceTable() {}

    static void print(List<AgentState> agents, List<Standing> standings, boolean asJson) {
        Map<String, Standing> known = standings.stream().collect(Collectors.toMap(Standing::getDevice, standing -> standing));
        if (asJson) {
            System.out.println(Json.line(agents.stream()
                .map(agent -> document(agent, Optional.ofNullable(known.get(agent.getDevice().getName())))).toList()));
            return;
        }
        TextTable table = new TextTable("device", "state", "seen", "leased", "queued", "cpu", "cores", "memory", "os",
            "runtime", "providers", "models run", "agent", "beside its kind");
        for (AgentState agent : agents) {
            table.row(agent.getDevice().getName(), state(agent),
                agent.getLastSeenMillisAgo() / 1000 + " s ago", agent.getLeasedTasks(), agent.getQueuedTasks(),
                agent.getDevice().getCpu(), agent.getDevice().getLogicalCores(),
                (agent.getDevice().getMemoryBytes() >> 30) + " GiB", agent.getDevice().getOs(),
                runtimes(agent), providers(agent), agent.getDevice().getProtection(), agent.getAgentVersion(),
                Optional.ofNullable(known.get(agent.getDevice().getName())).map(DeviceTable::words).orElse(""));
        }
        System.out.print(table);
    }

    /** What stands out is told; that nothing does is, too. */
    private static String words(Standing standing) {
        if (standing.getApart() == 0) {
            return "as " + standing.getOthers() + " other" + (standing.getOthers() == 1 ? "" : "s") + " in " + standing.getCompared() + " models";
        }
        String by = String.format(Locale.ROOT, "%.3g times in %d of %d models", standing.getRatio(), standing.getApart(), standing.getCompared());
        return standing.getOther().isEmpty()
            ? "stands apart: " + by + " the median of its kind"
            : "differs from " + standing.getOther() + ": " + by + "; either may be wrong";
    }

    private static Map<String, Object> document(Standing standing) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("others", standing.getOthers());
        document.put("compared", standing.getCompared());
        document.put("apart", standing.getApart());
        document.put("ratio", standing.getRatio());
        document.put("differsFrom", standing.getOther().isEmpty() ? null : standing.getOther());
        return document;
    }

    private static String state(AgentState agent) {
        return (agent.getOnline() ? "online" : "offline") + (agent.getDraining() ? ", draining" : "");
    }

    private static String runtimes(AgentState agent) {
        return agent.getRuntimesList().stream().map(offer -> offer.getName() + " " + offer.getVersion())
            .collect(Collectors.joining(", "));
    }

    private static String providers(AgentState agent) {
        return agent.getRuntimesList().stream().map(RuntimeOffer::getProvidersList).flatMap(List::stream)
            .collect(Collectors.joining(", "));
    }

    private static Map<String, Object> document(AgentState agent, Optional<Standing> standing) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("device", agent.getDevice().getName());
        document.put("online", agent.getOnline());
        document.put("draining", agent.getDraining());
        document.put("lastSeenMillisAgo", agent.getLastSeenMillisAgo());
        document.put("leased", agent.getLeasedTasks());
        document.put("queued", agent.getQueuedTasks());
        document.put("cpu", agent.getDevice().getCpu());
        document.put("logicalCores", agent.getDevice().getLogicalCores());
        document.put("cpuQuota", agent.getDevice().getCpuQuota());
        document.put("memoryBytes", agent.getDevice().getMemoryBytes());
        document.put("os", agent.getDevice().getOs());
        document.put("arch", agent.getDevice().getArch());
        document.put("gpus", agent.getDevice().getGpusList());
        document.put("protection", agent.getDevice().getProtection());
        document.put("energyOfModels", agent.getDevice().getEnergyOfModelsMap());
        document.put("memoryOfModels", agent.getDevice().getMemoryOfModels());
        document.put("runtimes", agent.getRuntimesList().stream().map(offer -> Map.of("name", offer.getName(),
            "version", offer.getVersion(), "providers", List.copyOf(offer.getProvidersList()))).toList());
        document.put("agentVersion", agent.getAgentVersion());
        document.put("besideItsKind", standing.map(DeviceTable::document).orElse(null));
        return document;
    }
}
