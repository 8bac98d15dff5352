package dev.lutra.server.run;

import dev.lutra.data.ShardWork;
import dev.lutra.data.Sharding;
import dev.lutra.data.Sharding.Prepared;
import dev.lutra.data.source.Listing.Role;
import dev.lutra.server.cluster.Cluster;
import dev.lutra.server.event.Progress;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.experiment.Experiment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The images of an experiment decoded into shards, on its cluster or here, for other machines and experiments to read. What is there is not made again. */
final class PrepareStage implements Stage<List<Prepared>> {

    private final String address;
    private final int perShard;

    /**
     * @param address where the images go: a folder, or the address of one
     * @param perShard how many images a shard has
     */
    PrepareStage(String address, int perShard) {
        this.address = address;
        this.perShard = perShard;
    }

    @Override
    public String name() {
        return "prepare";
    }

    @Override
    public Set<Artifact> needs(Experiment experiment) {
        return Set.of();
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return Set.of();
    }

    @Override
    public void check(RunContext run) {
        run.experiment().spark().ifPresent(Cluster::check);
    }

    @Override
    public List<Prepared> run(RunContext run) {
        try (DecodingProgress sources = new DecodingProgress(run.events())) {
            Map<Role, Sharding> shardings = Sharding.of(run.experiment().dataSpec(run.experiment().baseSpace()), address, perShard, sources);
            shardings.values().forEach(sharding -> decode(run, sharding));
            List<Prepared> prepared = new ArrayList<>();
            for (Sharding sharding : shardings.values()) {
                Prepared set = sharding.finish();
                if (!set.missing().isEmpty()) {
                    sources.skipped(sharding.source(), set.missing(), set.images());
                }
                run.events()
                    .emit(new RunEvent.Noted("data." + set.role().key() + ": " + set.images() + " images in " + set.shards() + " shards, of which "
                        + set.made() + " were not there before: " + set.address()));
                prepared.add(set);
            }
            return prepared;
        }
    }

    private static void decode(RunContext run, Sharding sharding) {
        if (sharding.left().isEmpty()) {
            return;
        }
        try (Progress.Work work = run.events().begin("decode " + sharding.source(), sharding.images(), "images")) {
            List<ShardWork> left = sharding.left();
            work.at(sharding.decoded(), "");
            if (run.experiment().spark().isPresent()) {
                run.cluster().prepare(left, number -> made(sharding, left.get(number), work));
                return;
            }
            for (ShardWork shard : left) {
                shard.make(Runtime.getRuntime().availableProcessors());
                made(sharding, shard, work);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    private static void made(Sharding sharding, ShardWork shard, Progress.Work work) {
        sharding.made(shard.number());
        work.at(sharding.decoded(), "");
    }
}
