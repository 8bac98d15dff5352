package dev.lutra.supernet.training;

import dev.lutra.identity.NamedValues;
import dev.lutra.supernet.Teacher;
import java.util.Optional;

/**
 * Distillation from a network outside of what is trained (Hinton et al. 2015).
 *
 * @param described what the teacher's answers follow from, in one word and perhaps a fingerprint
 * @param teacher whose answers are learned; empty for labels alone
 * @param share of its answers in the loss, above 0 to 1; the rest is the labels'
 * @param temperature that both answers are divided by, above 0
 */
public record Teaching(String described, Optional<Teacher> teacher, double share, double temperature) {

    /** By labels alone. */
    public static final Teaching NONE = new Teaching("none", Optional.empty(), 0, 1);

    Loss loss(LabelLoss labels) {
        return teacher.<Loss>map(taught -> new TaughtLoss(labels, taught, share, temperature)).orElse(labels);
    }

    void describe(String key, NamedValues.Builder values) {
        values.putLater(key, described, NONE.described);
        if (teacher.isPresent()) {
            values.put(key + ".share", share).put(key + ".temperature", temperature);
        }
    }
}
