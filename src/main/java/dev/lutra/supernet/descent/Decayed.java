package dev.lutra.supernet.descent;

import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.SharedTensor;
import java.util.Locale;

/** Which tensors weight decay applies to. */
public enum Decayed {
    /** Of convolutions and linear layers; biases and batch norm's scale and shift do not decay (SPOS §1.4). */
    WEIGHTS {
        @Override
        public boolean includes(SharedTensor tensor) {
            return tensor.role().decays();
        }
    },
    /** The same without depthwise convolutions, as MMRazor's later recipes have it. */
    NOT_DEPTHWISE {
        @Override
        public boolean includes(SharedTensor tensor) {
            return tensor.role().decays() && (tensor.role() != Role.CONV_WEIGHT || tensor.dims().get(1) > 1);
        }
    },
    /** Everything that is learned, which is what PyTorch does unless told otherwise. */
    ALL {
        @Override
        public boolean includes(SharedTensor tensor) {
            return true;
        }
    };

    public abstract boolean includes(SharedTensor tensor);

    /** The word for it in an experiment file. */
    String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
