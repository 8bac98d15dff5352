package dev.lutra.server.cli.table;

import dev.lutra.latency.LookupTable;
import dev.lutra.latency.correction.Calibrator;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "forget", mixinStandardHelpOptions = true, description = "Takes entries out of a measured table; the next 'lutra profile' that needs them measures them anew.")
public final class LutForgetCommand implements Runnable {

    private static final int LEAST_FITTED = 2;

    @Parameters(index = "0", paramLabel = "FILE", description = "The table.")
    private Path file;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "ENTRY", description = "Keys, as 'lutra lut show' has them.")
    private List<String> keys;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        LookupTable table = LookupTable.load(file);
        LookupTable left = table.without(keys);
        List<WholeNetwork> networks = table.networks().stream()
            .filter(network -> network.getSegmentsList().stream().noneMatch(keys::contains)).toList();
        long heldOut = networks.stream().filter(WholeNetwork::getHeldOut).count();
        boolean fits = heldOut > 0 && networks.size() - heldOut >= LEAST_FITTED;
        (fits ? left.withCalibration(Calibrator.fit(left, networks)) : left).save(file);
        if (json.isWanted()) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("file", file.toString());
            document.put("forgotten", keys);
            document.put("entries", left.entries().size());
            document.put("networks", fits ? networks.size() : 0);
            System.out.println(Json.line(document));
        } else {
            System.out.println("forgot " + keys.size() + " entries and the " + (table.networks().size() - (fits ? networks.size() : 0))
                + " whole networks that rest on them; " + left.entries().size() + " entries are left");
        }
        System.err.println("wrote " + file);
    }
}
