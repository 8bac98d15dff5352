package dev.lutra.server.cli.run;

import dev.lutra.server.experiment.Experiment;
import dev.lutra.supernet.evaluation.Calibration;
import dev.lutra.yaml.YamlNode;
import java.util.Optional;
import picocli.CommandLine.Option;

/** In which numbers networks are written, where it is not as the experiment says. */
final class Int8Option {

    private static final String USUAL = "min-max";

    @Option(names = "--int8", paramLabel = "METHOD", arity = "0..1", fallbackValue = USUAL, description = "Also in 8-bit integers, calibrated on training images by min-max (default), percentile, entropy or mse.")
    private Optional<String> method = Optional.empty();

    Experiment applyTo(Experiment experiment) {
        return method.map(text -> experiment.withInt8(Calibration.read(YamlNode.parse("--int8", text)))).orElse(experiment);
    }
}
