package dev.lutra.search.feasible;

import java.util.random.RandomGenerator;

/**
 * Counts, by dynamic programming over the slots, how many architectures keep bounds on up to three sums, and draws one of them with
 * the same chance each.
 *
 * <p>Sums are counted in steps. Where all parts of the only sum are multiples of a step that is coarse enough, as MACs and parameters
 * are, the count is exact. Else parts are rounded down to steps of the range that the bounds leave, and a total of n slots to less
 * than n steps: what is counted is everything that keeps the bounds and, near them, some that does not, so that who draws
 * rejects the latter and what remains is uniform over what keeps them. The range is measured from the cheapest architecture, so
 * the tighter a bound, the finer the steps.
 */
final class Grid {

    /** Cells of a slot: eight bytes each. */
    private static final int MOST_CELLS = 1 << 17;

    private final int slots;
    /** By slot: how many combinations it has. */
    private final int[] combinations;
    /** By sum, slot and combination. */
    private final int[][][] steps;
    /** By sum: how many values a total may have, and which is the first that is allowed. */
    private final int[] sizes;
    private final int[] first;
    private final int cells;
    /** By slot and cell: in how many ways the slots from there on end within the bounds. */
    private final double[][] ways;

    /**
     * @param sums one to three
     */
    Grid(BoundedSum.Excess... sums) {
        slots = sums[0].parts().length;
        combinations = new int[slots];
        for (int slot = 0; slot < slots; slot++) {
            combinations[slot] = sums[0].parts()[slot].length;
        }
        steps = new int[sums.length][slots][];
        sizes = new int[sums.length];
        first = new int[sums.length];
        int share = (int) Math.pow(MOST_CELLS, 1.0 / sums.length);
        int product = 1;
        for (int sum = 0; sum < sums.length; sum++) {
            quantise(sum, sums[sum], share, sums.length == 1);
            product *= sizes[sum];
        }
        cells = product;
        ways = new double[slots + 1][];
        count();
    }

    private void quantise(int sum, BoundedSum.Excess excess, int share, boolean isOnly) {
        double total = 0;
        for (double[] parts : excess.parts()) {
            total -= BoundedSum.min(negated(parts));
        }
        double most = Math.min(excess.most(), total);
        double common = isOnly ? commonStep(excess.parts()) : 0;
        boolean exact = common > 0 && most / common < share;
        double step = exact ? common : Math.max(most, Double.MIN_NORMAL) / (share - 1);
        int last = most < 0 ? -1 : (int) Math.floor(most / step * (1 + 1e-12));
        sizes[sum] = last + 1;
        double least = excess.least() / step;
        first[sum] = (int) Math.max(0, exact ? Math.ceil(least * (1 - 1e-12)) : Math.floor(least) - slots + 1);
        for (int slot = 0; slot < slots; slot++) {
            double[] parts = excess.parts()[slot];
            steps[sum][slot] = new int[parts.length];
            for (int i = 0; i < parts.length; i++) {
                double rounded = exact ? Math.rint(parts[i] / step) : Math.floor(parts[i] / step);
                steps[sum][slot][i] = (int) Math.min(rounded, Integer.MAX_VALUE / 2);
            }
        }
    }

    private static double[] negated(double[] parts) {
        double[] negated = new double[parts.length];
        for (int i = 0; i < parts.length; i++) {
            negated[i] = -parts[i];
        }
        return negated;
    }

    /** The greatest common divisor of whole numbers; 0 if some are not. */
    private static double commonStep(double[][] excesses) {
        long common = 0;
        for (double[] parts : excesses) {
            for (double part : parts) {
                if (part != Math.rint(part) || part > 1L << 52) {
                    return 0;
                }
                long other = (long) part;
                while (other != 0) {
                    long rest = common % other;
                    common = other;
                    other = rest;
                }
            }
        }
        return common;
    }

    private void count() {
        ways[slots] = new double[Math.max(cells, 1)];
        if (cells == 0) {
            return;
        }
        for (int cell = 0; cell < cells; cell++) {
            ways[slots][cell] = isAllowed(cell) ? 1 : 0;
        }
        for (int slot = slots - 1; slot >= 0; slot--) {
            ways[slot] = new double[cells];
            for (int combination = 0; combination < combinations[slot]; combination++) {
                add(slot, combination);
            }
        }
    }

    /** The last sum varies fastest. */
    private boolean isAllowed(int cell) {
        int rest = cell;
        for (int sum = sizes.length - 1; sum >= 0; sum--) {
            if (rest % sizes[sum] < first[sum]) {
                return false;
            }
            rest /= sizes[sum];
        }
        return true;
    }

    private void add(int slot, int combination) {
        int lastSum = sizes.length - 1;
        int shift = shift(slot, combination);
        if (shift < 0) {
            return;
        }
        double[] here = ways[slot];
        double[] next = ways[slot + 1];
        int row = sizes[lastSum];
        int within = row - steps[lastSum][slot][combination];
        for (int start = 0; start < cells; start += row) {
            if (fits(start, slot, combination)) {
                for (int cell = start; cell < start + within; cell++) {
                    here[cell] += next[cell + shift];
                }
            }
        }
    }

    /** How many cells further a combination leads; −1 if it leads out of the grid from everywhere. */
    private int shift(int slot, int combination) {
        int shift = 0;
        for (int sum = 0; sum < sizes.length; sum++) {
            if (steps[sum][slot][combination] >= sizes[sum]) {
                return -1;
            }
            shift = shift * sizes[sum] + steps[sum][slot][combination];
        }
        return shift;
    }

    /** Whether all sums but the last stay in the grid. */
    private boolean fits(int cell, int slot, int combination) {
        int rest = cell / sizes[sizes.length - 1];
        for (int sum = sizes.length - 2; sum >= 0; sum--) {
            if (rest % sizes[sum] + steps[sum][slot][combination] >= sizes[sum]) {
                return false;
            }
            rest /= sizes[sum];
        }
        return true;
    }

    /** How many architectures it counts: none only if none keeps the bounds. */
    double size() {
        return cells == 0 ? 0 : ways[0][0];
    }

    /** A combination for every slot, each of those counted with the same chance. */
    int[] draw(RandomGenerator random) {
        int[] chosen = new int[slots];
        int cell = 0;
        for (int slot = 0; slot < slots; slot++) {
            double left = random.nextDouble() * ways[slot][cell];
            int last = -1;
            int lastCell = -1;
            for (int combination = 0; combination < combinations[slot] && (last < 0 || left >= 0); combination++) {
                int next = next(cell, slot, combination);
                if (next >= 0 && ways[slot + 1][next] > 0) {
                    left -= ways[slot + 1][next];
                    last = combination;
                    lastCell = next;
                }
            }
            chosen[slot] = last;
            cell = lastCell;
        }
        return chosen;
    }

    /** −1 where it leads out of the grid. */
    private int next(int cell, int slot, int combination) {
        int shift = shift(slot, combination);
        int row = sizes[sizes.length - 1];
        boolean inside = shift >= 0 && cell % row + steps[sizes.length - 1][slot][combination] < row && fits(cell, slot, combination);
        return inside ? cell + shift : -1;
    }
}
