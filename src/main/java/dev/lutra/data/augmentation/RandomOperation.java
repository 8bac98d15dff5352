package dev.lutra.data.augmentation;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/** An operation of {@link RandAugment} on pixels that are whole numbers from 0 to 255, which they stay. */
enum RandomOperation {

    IDENTITY {
        @Override
        void apply(Pixels image, double magnitude, boolean negative) {
            // the image stays as it is
        }
    },
    SHEAR_X {
        @Override
        void apply(Pixels image, double magnitude, boolean negative) {
            move(image, false, 1, signed(LARGEST_SHEAR * magnitude, negative), 0, 1, 0, 0);
        }
    },
    SHEAR_Y {
        @Override
        void apply(Pixels image, double magnitude, boolean negative) {
            move(image, false, 1, 0, signed(LARGEST_SHEAR * magnitude, negative), 1, 0, 0);
        }
    },
    TRANSLATE_X {
        @Override
        void apply(Pixels image, double magnitude, boolean negative) {
            move(image, false, 1, 0, 0, 1, (int) signed(LARGEST_SHIFT * image.size().width() * magnitude, negative), 0);
        }
    },
    TRANSLATE_Y {
        @Override
        void apply(Pixels image, double magnitude, boolean negative) {
            move(image, false, 1, 0, 0, 1, 0, (int) signed(LARGEST_SHIFT * image.size().height() * magnitude, negative));
        }
    },
    ROTATE {
        @Override
        void apply(Pixels image, double magnitude, boolean negative) {
            double angle = Math.toRadians(signed(LARGEST_ANGLE * magnitude, negative));
            move(image, true, Math.cos(angle), -Math.sin(angle), Math.sin(angle), Math.cos(angle), 0, 0);
        }
    },
    BRIGHTNESS {
        @Override
        void apply(Pixels image, double magnitude, boolean negative) {
            double factor = factor(magnitude, negative);
            each(image, value -> value * factor);
        }
    },
    COLOUR {
        @Override
        void apply(Pixels image, double magnitude, boolean negative) {
            double factor = factor(magnitude, negative);
            float[] values = image.values();
            for (int i = 0; i < values.length; i += Pixels.CHANNELS) {
                double gray = gray(values, i);
                for (int c = i; c < i + Pixels.CHANNELS; c++) {
                    values[c] = eightBit(gray + (values[c] - gray) * factor);
                }
            }
        }
    },
    CONTRAST {
        @Override
        void apply(Pixels image, double magnitude, boolean negative) {
            double factor = factor(magnitude, negative);
            double sum = 0;
            for (int i = 0; i < image.values().length; i += Pixels.CHANNELS) {
                sum += gray(image.values(), i);
            }
            double mean = sum * Pixels.CHANNELS / image.values().length;
            each(image, value -> mean + (value - mean) * factor);
        }
    },
    SHARPNESS {
        @Override
        void apply(Pixels image, double magnitude, boolean negative) {
            double factor = factor(magnitude, negative);
            float[] values = image.values();
            float[] before = values.clone();
            int stride = image.size().width() * Pixels.CHANNELS;
            for (int y = 1; y < image.size().height() - 1; y++) {
                for (int i = y * stride + Pixels.CHANNELS; i < (y + 1) * stride - Pixels.CHANNELS; i++) {
                    double smooth = smooth(before, i, stride);
                    values[i] = eightBit(smooth + (before[i] - smooth) * factor);
                }
            }
        }
    },
    POSTERIZE {
        @Override
        void apply(Pixels image, double magnitude, boolean negative) {
            int mask = 0xFF << Math.round(MOST_BITS_LOST * magnitude) & 0xFF;
            each(image, value -> (int) value & mask);
        }
    },
    SOLARIZE {
        @Override
        void apply(Pixels image, double magnitude, boolean negative) {
            double threshold = WHITE * (1 - magnitude);
            each(image, value -> value >= threshold ? WHITE - value : value);
        }
    },
    AUTO_CONTRAST {
        @Override
        void apply(Pixels image, double magnitude, boolean negative) {
            for (int channel = 0; channel < Pixels.CHANNELS; channel++) {
                int[] histogram = histogram(image, channel);
                int low = 0;
                int high = WHITE;
                while (low < WHITE && histogram[low] == 0) {
                    low++;
                }
                while (high > 0 && histogram[high] == 0) {
                    high--;
                }
                double lowest = low;
                double scale = (double) WHITE / Math.max(1, high - low);
                if (high > low) {
                    each(image, channel, value -> (value - lowest) * scale);
                }
            }
        }
    },
    EQUALIZE {
        @Override
        void apply(Pixels image, double magnitude, boolean negative) {
            for (int channel = 0; channel < Pixels.CHANNELS; channel++) {
                int[] table = equalized(histogram(image, channel));
                each(image, channel, value -> table[(int) value]);
            }
        }
    };

    static final int WHITE = 255;
    private static final double LARGEST_SHEAR = 0.3;
    private static final double LARGEST_SHIFT = 150.0 / 331;
    private static final double LARGEST_ANGLE = 30;
    private static final double LARGEST_CHANGE = 0.9;
    private static final double MOST_BITS_LOST = 4;

    /**
     * Changes an image.
     *
     * @param magnitude 0 to 1
     * @param negative whether what has a direction goes the other way
     */
    abstract void apply(Pixels image, double magnitude, boolean negative);

    /** The nearest value that eight bits hold. */
    static float eightBit(double value) {
        return (float) Math.max(0, Math.min(WHITE, Math.rint(value)));
    }

    private static double signed(double value, boolean negative) {
        return negative ? -value : value;
    }

    private static double factor(double magnitude, boolean negative) {
        return 1 + signed(LARGEST_CHANGE * magnitude, negative);
    }

    /** ITU-R BT.601 luma. */
    private static double gray(float[] values, int at) {
        return 0.299 * values[at] + 0.587 * values[at + 1] + 0.114 * values[at + 2];
    }

    /** Mean of a pixel and its eight neighbours, in which it counts five times. */
    private static double smooth(float[] values, int at, int stride) {
        double sum = 4 * values[at];
        for (int row = at - stride; row <= at + stride; row += stride) {
            sum += values[row - Pixels.CHANNELS] + values[row] + values[row + Pixels.CHANNELS];
        }
        return sum / 13;
    }

    private static void each(Pixels image, DoubleUnaryOperator change) {
        for (int channel = 0; channel < Pixels.CHANNELS; channel++) {
            each(image, channel, change);
        }
    }

    private static void each(Pixels image, int channel, DoubleUnaryOperator change) {
        float[] values = image.values();
        for (int i = channel; i < values.length; i += Pixels.CHANNELS) {
            values[i] = eightBit(change.applyAsDouble(values[i]));
        }
    }

    private static int[] histogram(Pixels image, int channel) {
        int[] histogram = new int[WHITE + 1];
        for (int i = channel; i < image.values().length; i += Pixels.CHANNELS) {
            histogram[(int) image.values()[i]]++;
        }
        return histogram;
    }

    /** What becomes of each value so that all are about equally frequent, as PIL's {@code ImageOps.equalize} has it. */
    private static int[] equalized(int[] histogram) {
        int[] table = new int[histogram.length];
        int last = WHITE;
        while (last > 0 && histogram[last] == 0) {
            last--;
        }
        int step = (Arrays.stream(histogram).sum() - histogram[last]) / WHITE;
        int sum = step / 2;
        for (int value = 0; value < table.length; value++) {
            table[value] = step == 0 ? value : Math.min(WHITE, sum / step);
            sum += histogram[value];
        }
        return table;
    }

    /**
     * Takes every pixel from where a linear map says; black where that is outside.
     *
     * @param aboutCentre whether the map is about the centre, and not about the upper left corner
     * @param right moved to the right by so many pixels
     * @param down moved down by so many pixels
     */
    private static void move(Pixels image, boolean aboutCentre, double xx, double xy, double yx, double yy, int right, int down) {
        int height = image.size().height();
        int width = image.size().width();
        double centreX = aboutCentre ? width / 2.0 : 0;
        double centreY = aboutCentre ? height / 2.0 : 0;
        float[] before = image.values().clone();
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double fromX = x + 0.5 - centreX - right;
                double fromY = y + 0.5 - centreY - down;
                int column = (int) Math.floor(xx * fromX + xy * fromY + centreX);
                int row = (int) Math.floor(yx * fromX + yy * fromY + centreY);
                boolean inside = column >= 0 && column < width && row >= 0 && row < height;
                for (int c = 0; c < Pixels.CHANNELS; c++) {
                    image.values()[(y * width + x) * Pixels.CHANNELS + c] = inside ? before[(row * width + column) * Pixels.CHANNELS + c] : 0;
                }
            }
        }
    }
}
