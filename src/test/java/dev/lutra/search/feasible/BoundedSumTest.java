package dev.lutra.search.feasible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.measure.sums.SlotSum;
import dev.lutra.search.Constraint;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sums of hundredths, which no double is: decimal arithmetic is the oracle. */
class BoundedSumTest {

    private static final int SLOTS = 5;
    private static final int OPTIONS = 3;
    private static final int SPACES = 60;
    private static final BigDecimal STEP = new BigDecimal("0.01");

    private final Random random = new Random(9);

    /** Exact parts by slot and combination, of some size. */
    private List<List<BigDecimal>> parts(int hundredths) {
        return Stream.generate(() -> Stream.generate(() -> BigDecimal.valueOf(random.nextInt(hundredths), 2)).limit(OPTIONS).toList())
            .limit(SLOTS).toList();
    }

    private static List<int[]> everyChoice() {
        List<int[]> all = new ArrayList<>();
        for (int number = 0; number < Math.pow(OPTIONS, SLOTS); number++) {
            int[] choice = new int[SLOTS];
            for (int slot = 0, rest = number; slot < SLOTS; slot++, rest /= OPTIONS) {
                choice[slot] = rest % OPTIONS;
            }
            all.add(choice);
        }
        return all;
    }

    private static BigDecimal exact(BigDecimal fixed, List<List<BigDecimal>> parts, int[] choice) {
        BigDecimal sum = fixed;
        for (int slot = 0; slot < SLOTS; slot++) {
            sum = sum.add(parts.get(slot).get(choice[slot]));
        }
        return sum;
    }

    /** As architectures are measured. */
    private static double measured(SlotSum sum, int[] choice) {
        double total = sum.fixed();
        for (int slot = 0; slot < SLOTS; slot++) {
            total += sum.parts().get(slot)[choice[slot]];
        }
        return total;
    }

    private static boolean isWithin(BoundedSum.Excess excess, int[] choice) {
        double total = 0;
        for (int slot = 0; slot < SLOTS; slot++) {
            total += excess.parts()[slot][choice[slot]];
        }
        return total >= excess.least() && total <= excess.most();
    }

    @ParameterizedTest
    @EnumSource
    void whatKeepsABoundIsWithinItAndWhatIsAStepBeyondIsNot(Constraint.Side side) {
        for (int space = 0; space < SPACES; space++) {
            BigDecimal fixed = BigDecimal.valueOf(random.nextInt(space % 2 == 0 ? 100 : 10_000_000), 2);
            List<List<BigDecimal>> parts = parts(space % 3 == 0 ? 10 : 1000);
            SlotSum sum = new SlotSum(fixed.doubleValue(), parts.stream()
                .map(slot -> slot.stream().mapToDouble(BigDecimal::doubleValue).toArray()).toList(), total -> total);
            List<int[]> choices = everyChoice();
            List<BigDecimal> totals = choices.stream().map(choice -> exact(fixed, parts, choice)).sorted().toList();
            for (BigDecimal bound : List.of(totals.get(0), totals.get(random.nextInt(totals.size())), totals.get(totals.size() - 1))) {
                Constraint constraint = side == Constraint.Side.AT_MOST
                    ? Constraint.atMost("m", bound.doubleValue())
                    : Constraint.atLeast("m", bound.doubleValue());
                BoundedSum bounded = BoundedSum.of(sum, List.of(constraint));
                if (bounded.isBounded()) {
                    BoundedSum.Excess excess = bounded.excess();
                    for (int[] choice : choices) {
                        BigDecimal beyond = side == Constraint.Side.AT_MOST
                            ? exact(fixed, parts, choice).subtract(bound)
                            : bound.subtract(exact(fixed, parts, choice));
                        if (constraint.holds(measured(sum, choice))) {
                            assertThat(isWithin(excess, choice)).as("%s, %s beyond", constraint, beyond).isTrue();
                        } else if (beyond.compareTo(STEP) >= 0) {
                            assertThat(isWithin(excess, choice)).as("%s, %s beyond", constraint, beyond).isFalse();
                        }
                    }
                }
            }
        }
    }
}
