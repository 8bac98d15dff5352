package dev.lutra.network;

/**
 * A convolution to be built. Padding is (kernel − 1)·dilation / 2, so stride 1 keeps the size and stride s gives ⌈size / s⌉.
 *
 * @param out output channels
 * @param kernel kernel side in this network, odd
 * @param sharedKernel kernel side of the shared tensor, whose centre is used
 * @param stride step in both directions
 * @param dilation distance of the taps
 * @param groups channel groups
 * @param bias whether a bias is added
 */
public record ConvSpec(Width out, int kernel, int sharedKernel, int stride, int dilation, int groups, boolean bias) {

    public ConvSpec {
        if (kernel < 1 || kernel % 2 == 0) {
            throw new IllegalArgumentException("kernel: " + kernel + " (expected: odd)");
        }
        if (sharedKernel < kernel || sharedKernel % 2 == 0) {
            throw new IllegalArgumentException("shared kernel: " + sharedKernel + " (expected: odd and at least " + kernel + ")");
        }
        if (stride < 1 || dilation < 1 || groups < 1) {
            throw new IllegalArgumentException(
                "stride, dilation, groups: " + stride + ", " + dilation + ", " + groups + " (expected: at least 1)");
        }
    }

    /** A dense stride-1 convolution without bias. */
    public static ConvSpec of(Width out, int kernel) {
        return new ConvSpec(out, kernel, kernel, 1, 1, 1, false);
    }

    /** A 1×1 convolution without bias. */
    public static ConvSpec pointwise(Width out) {
        return of(out, 1);
    }

    public ConvSpec stride(int value) {
        return new ConvSpec(out, kernel, sharedKernel, value, dilation, groups, bias);
    }

    public ConvSpec dilation(int value) {
        return new ConvSpec(out, kernel, sharedKernel, stride, value, groups, bias);
    }

    public ConvSpec groups(int value) {
        return new ConvSpec(out, kernel, sharedKernel, stride, dilation, value, bias);
    }

    /** Uses the centre of a kernel shared with larger ones. */
    public ConvSpec centreOf(int value) {
        return new ConvSpec(out, kernel, value, stride, dilation, groups, bias);
    }

    public ConvSpec withBias() {
        return new ConvSpec(out, kernel, sharedKernel, stride, dilation, groups, true);
    }

    int padding() {
        return (kernel - 1) * dilation / 2;
    }

    int outputSize(int size) {
        return (size - 1) / stride + 1;
    }
}
