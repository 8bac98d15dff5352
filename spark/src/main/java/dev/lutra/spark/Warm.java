package dev.lutra.spark;

import dev.lutra.server.cluster.Assignment;
import dev.lutra.server.cluster.Workplace;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkFiles;

/** What an executor keeps open between tasks: the workplace of the assignment that it worked on last. */
final class Warm {

    private static final Map<String, Workplace> OPEN = new LinkedHashMap<>();

    private Warm() {}

    /**
     * Several tasks that begin at once open it once.
     *
     * @param supernet name of the file of shared weights; empty where there are none
     */
    static synchronized Workplace workplace(Assignment assignment, String supernet) {
        String key = assignment.fingerprint() + supernet;
        Workplace open = OPEN.get(key);
        if (open == null) {
            OPEN.values().forEach(Workplace::close); // waits for what is under way
            OPEN.clear();
            open = Workplace.open(assignment, Optional.of(supernet).filter(name -> !name.isEmpty()).map(SparkFiles::get).map(Path::of),
                Path.of(SparkFiles.getRootDirectory()));
            OPEN.put(key, open);
        }
        return open;
    }
}
