package dev.lutra.data.image;

import java.util.Arrays;

/**
 * A decoded image.
 *
 * @param width in pixels
 * @param height in pixels
 * @param pixels red, green and blue, row by row
 */
public record RgbImage(int width, int height, byte[] pixels) {

    /** Scaled to the given size; the aspect ratio is not kept. */
    public RgbImage resized(int newWidth, int newHeight) {
        if (newWidth == width && newHeight == height) {
            return this;
        }
        Taps columns = Taps.of(width, newWidth);
        Taps rows = Taps.of(height, newHeight);
        float[] narrow = new float[Math.multiplyExact(newWidth * 3, height)];
        for (int y = 0, at = 0; y < height; y++) {
            for (int x = 0; x < newWidth; x++) {
                int from = (y * width + columns.first[x]) * 3;
                float red = 0;
                float green = 0;
                float blue = 0;
                for (float weight : columns.weights[x]) {
                    red += weight * (pixels[from++] & 0xFF);
                    green += weight * (pixels[from++] & 0xFF);
                    blue += weight * (pixels[from++] & 0xFF);
                }
                narrow[at++] = red;
                narrow[at++] = green;
                narrow[at++] = blue;
            }
        }
        byte[] result = new byte[newWidth * newHeight * 3];
        int stride = newWidth * 3;
        float[] line = new float[stride];
        for (int y = 0; y < newHeight; y++) {
            Arrays.fill(line, 0);
            for (int k = 0; k < rows.weights[y].length; k++) {
                int from = (rows.first[y] + k) * stride;
                float weight = rows.weights[y][k];
                for (int i = 0; i < stride; i++) {
                    line[i] += weight * narrow[from + i];
                }
            }
            for (int i = 0; i < stride; i++) {
                result[y * stride + i] = (byte) Math.max(0, Math.min(255, Math.round(line[i])));
            }
        }
        return new RgbImage(newWidth, newHeight, result);
    }

    /**
     * Which old pixels make up each new one: bilinear where pixels are added, a triangle as wide as two new pixels where
     * they are taken away, so that fine detail averages out instead of aliasing.
     */
    private record Taps(int[] first, float[][] weights) {

        static Taps of(int from, int to) {
            double scale = (double) from / to;
            double reach = Math.max(1, scale);
            int[] first = new int[to];
            float[][] weights = new float[to][];
            for (int i = 0; i < to; i++) {
                double centre = (i + 0.5) * scale;
                int begin = (int) Math.max(0, Math.floor(centre - reach));
                int end = (int) Math.min(from, Math.ceil(centre + reach));
                double[] raw = new double[end - begin];
                double sum = 0;
                for (int k = 0; k < raw.length; k++) {
                    raw[k] = Math.max(0, 1 - Math.abs((begin + k + 0.5 - centre) / reach));
                    sum += raw[k];
                }
                first[i] = begin;
                weights[i] = new float[raw.length];
                for (int k = 0; k < raw.length; k++) {
                    weights[i][k] = (float) (raw[k] / sum);
                }
            }
            return new Taps(first, weights);
        }
    }

    /**
     * Turned as EXIF says it should be shown.
     *
     * @param orientation 1 (as stored) to 8, from the EXIF tag of that name
     */
    public RgbImage upright(int orientation) {
        if (orientation == 1) {
            return this;
        }
        boolean turned = orientation >= 5;
        int newWidth = turned ? height : width;
        int newHeight = turned ? width : height;
        byte[] result = new byte[pixels.length];
        for (int y = 0, at = 0; y < newHeight; y++) {
            for (int x = 0; x < newWidth; x++, at += 3) {
                int fromX = turned ? y : x;
                int fromY = turned ? x : y;
                boolean mirrorX = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
                boolean mirrorY = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
                int from = ((mirrorY ? height - 1 - fromY : fromY) * width + (mirrorX ? width - 1 - fromX : fromX)) * 3;
                System.arraycopy(pixels, from, result, at, 3);
            }
        }
        return new RgbImage(newWidth, newHeight, result);
    }
}
