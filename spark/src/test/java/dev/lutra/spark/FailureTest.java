package dev.lutra.spark;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;

class FailureTest {

    /** As Spark 4.2 writes it, with the stack of the executor behind. */
    @Test
    void ofATaskItSaysWhereAndWhy() {
        assertThat(Failure.line(new SparkException("Job aborted due to stage failure: Task 3 in stage 1.0 failed 4 times, most recent failure: "
            + "Lost task 3.3 in stage 1.0 (TID 17) (10.0.0.3 executor 2): dev.lutra.server.cluster.ClusterException: /data: No space left on "
            + "device\n\tat dev.lutra.spark.OneWork.apply(OneWork.java:27)\n\nDriver stacktrace:", null)))
            .isEqualTo("worker 10.0.0.3: /data: No space left on device");
    }

    @Test
    void ofAMachineItSaysWhatSparkSays() {
        assertThat(Failure.line(new SparkException("Job aborted due to stage failure: Task 0 in stage 0.0 failed 4 times, most recent failure: "
            + "Lost task 0.3 in stage 0.0 (TID 3) (10.0.0.3 executor 3): ExecutorLostFailure (executor 3 exited caused by one of the running "
            + "tasks) Reason: Command exited with code 137", null)))
            .isEqualTo("worker 10.0.0.3: ExecutorLostFailure (executor 3 exited caused by one of the running tasks) Reason: Command exited with "
                + "code 137");
        assertThat(Failure.line(new IllegalArgumentException())).isEqualTo("IllegalArgumentException");
    }
}
