package dev.lutra.server.schedule;

import dev.lutra.proto.RunState;
import java.util.Optional;

/**
 * What a run that has not ended does now.
 *
 * @param isRunning whether it has a process, as opposed to waiting for its turn
 * @param stage of the run, once its process has said so
 * @param work under way, if any
 * @param said last, or what it waits for; or empty
 */
record Activity(boolean isRunning, Optional<String> stage, Optional<Work> work, String said) {

    /**
     * Work under way.
     *
     * @param rate of it a second; empty while it is not known
     * @param leftSeconds at that rate
     */
    record Work(double done, double total, Optional<Double> rate, Optional<Double> leftSeconds) {}

    static final Activity NONE = new Activity(false, Optional.empty(), Optional.empty(), "");

    static Activity waiting(String forWhat) {
        return new Activity(false, Optional.empty(), Optional.empty(), forWhat);
    }

    void tell(RunState.Builder run) {
        stage.ifPresent(run::setStage);
        work.ifPresent(now -> {
            run.setDone(now.done()).setTotal(now.total());
            now.rate().ifPresent(run::setRate);
            now.leftSeconds().ifPresent(run::setLeftSeconds);
        });
        if (!said.isEmpty()) {
            run.setMessage(said);
        }
    }
}
