package dev.lutra.spark;

import dev.lutra.data.ShardWork;
import java.io.IOException;
import org.apache.spark.SparkEnv;

/** Decodes a shard of images, with as many threads as a task has processors. */
record Preparing(ShardWork shard) implements Work<Boolean> {

    private static final long serialVersionUID = 1L;

    @Override
    public Boolean done() throws IOException {
        shard.make(SparkEnv.get().conf().getInt("spark.task.cpus", 1));
        return true;
    }
}
