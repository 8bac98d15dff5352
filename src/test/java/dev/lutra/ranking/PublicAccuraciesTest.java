package dev.lutra.ranking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lutra.cost.Cost;
import dev.lutra.cost.Depth;
import dev.lutra.search.AccuracyFile;
import dev.lutra.search.AccuracyTable;
import dev.lutra.search.correction.CorrectionTrial;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * 300 networks of NAS-Bench-Macro with accuracies that others trained and correlations that others computed: Kendall's tau of the
 * mean accuracy and the number of blocks that are not identity 0.730, MACs 0.570, parameters 0.265; of two trainings 0.890.
 */
class PublicAccuraciesTest {

    private static final Path FOLDER = Path.of("../../shared/data/tabular").toAbsolutePath().normalize();

    private SearchSpace space;

    @BeforeEach
    void thereAreSuchFiles() {
        assumeThat(FOLDER.resolve("mbconv_300.csv")).as("public accuracies beside the checkout").exists();
        space = SpaceFile.load(FOLDER.resolve("mbconv.yaml").toString());
    }

    private AccuracyTable accuracies(String column) {
        return new AccuracyFile(FOLDER.resolve("mbconv_300.csv"), column, AccuracyFile.Unit.PERCENT).load(space);
    }

    @Test
    void publishedCorrelations() {
        assertThat(tau(architecture -> Depth.of(space.build(architecture)))).isCloseTo(0.730, within(0.0005));
        assertThat(tau(architecture -> Cost.of(space.build(architecture)).macs())).isCloseTo(0.570, within(0.0005));
        assertThat(tau(architecture -> Cost.of(space.build(architecture)).params())).isCloseTo(0.265, within(0.0005));
        AccuracyTable first = accuracies("acc1");
        AccuracyTable second = accuracies("acc2");
        List<Architecture> all = first.architectures();
        assertThat(RankCorrelation.kendall(all.stream().mapToDouble(first::accuracy).toArray(),
            all.stream().mapToDouble(second::accuracy).toArray())).isCloseTo(0.890, within(0.0005));
    }

    /** A supernet that tells nothing: what a Gaussian process learns from the genes of 100 networks, .882 in a measurement of others. */
    @Test
    void networksTeachWhatOthersReach() {
        AccuracyTable mean = accuracies("mean");
        List<RankedNetwork> networks = mean.architectures().stream()
            .map(network -> new RankedNetwork(network, 0.5, mean.accuracy(network), Map.of())).toList();
        CorrectedRanking corrected = CorrectionTrial.ranking(space, networks, 100, 1);
        assertThat(corrected.judged()).isEqualTo(200);
        assertThat(corrected.tau().value()).isGreaterThan(0.86);
    }

    private double tau(ToDoubleFunction<Architecture> by) {
        AccuracyTable mean = accuracies("mean");
        List<Architecture> all = mean.architectures();
        assertThat(all).hasSize(300);
        return RankCorrelation.kendall(all.stream().mapToDouble(by).toArray(), all.stream().mapToDouble(mean::accuracy).toArray());
    }
}
