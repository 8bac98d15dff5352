package dev.lutra.server.event;

import java.util.HashMap;
import java.util.Map;

/** Shows what happens in a run as progress: on a console, or in a test. */
public final class WatchedProgress implements RunListener {

    private final Progress progress;
    private final Map<String, Progress.Work> open = new HashMap<>();

    public WatchedProgress(Progress progress) {
        this.progress = progress;
    }

    @Override
    public void heard(RunEvent event) {
        if (event instanceof RunEvent.WorkBegan began) {
            open.put(began.what(), progress.begin(began.what(), began.total(), began.unit()));
        } else if (event instanceof RunEvent.WorkProgressed progressed) {
            open.get(progressed.what()).at(progressed.done(), progressed.note());
        } else if (event instanceof RunEvent.WorkEnded ended) {
            open.remove(ended.what()).close();
        } else if (event instanceof RunEvent.StageCounted counted) {
            progress.stage(counted.number(), counted.count(), counted.stage());
        } else {
            event.line().ifPresent(progress::say);
        }
    }
}
