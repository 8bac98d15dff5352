package dev.lutra.server.retrain;

import dev.lutra.cost.CountingRule;
import dev.lutra.cost.Extremes;
import dev.lutra.space.Architecture;
import dev.lutra.supernet.Teacher;
import dev.lutra.supernet.evaluation.SubnetTeacher;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.supernet.training.Teaching;

/** The experiment's teacher of networks that are trained by themselves, open. */
public final class Taught implements AutoCloseable {

    private final Teaching teaching;

    /** @throws dev.lutra.InputException if there is no such teacher, or it tells other classes apart */
    public Taught(Materials from) {
        teaching = from.experiment().retraining().distillation().map(wanted -> by(new WantedTeacher(wanted), from)).orElse(Teaching.NONE);
    }

    private static Teaching by(WantedTeacher teacher, Materials from) {
        return teacher.wanted().onnx().map(file -> teacher.byFile(file, from.space())).orElseGet(() -> {
            from.requireSupernet();
            Architecture largest = Extremes.of(from.options(), CountingRule.MACS).largest().architecture();
            String described = "supernet " + Checkpoint.weightsFingerprint(from.checkpoint()) + " " + largest;
            return teacher.byNetwork(described, new SubnetTeacher(from.evaluator().subnet(largest), from.supernet().device()));
        });
    }

    public Teaching teaching() {
        return teaching;
    }

    @Override
    public void close() {
        teaching.teacher().ifPresent(Teacher::close);
    }
}
