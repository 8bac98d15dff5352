package dev.lutra.supernet.descent;

import dev.lutra.yaml.Kinds;
import java.util.Map;

/** Every optimizer by its name, each with the rate and the decay that it usually has. A new one is a new class and one line here. */
public final class Optimizers {

    /** The registry; the settings of the descent stand beside those of the optimizer. */
    public static final Kinds<Descent> ALL = Kinds.of(Map.of(
        AdamW.NAME, settings -> Descent.of(settings, AdamW.of(settings), AdamW.USUAL_RATE, AdamW.USUAL_DECAY),
        RmsProp.NAME, settings -> Descent.of(settings, RmsProp.of(settings), RmsProp.USUAL_RATE, RmsProp.USUAL_DECAY),
        Sgd.NAME, settings -> Descent.of(settings, Sgd.of(settings), Descent.USUAL_RATE, Descent.USUAL_DECAY)));

    /** What a file without a name means. */
    public static final String USUAL = Sgd.NAME;

    private Optimizers() {}
}
