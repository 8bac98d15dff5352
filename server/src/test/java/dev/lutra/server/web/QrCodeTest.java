package dev.lutra.server.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.zxing.BinaryBitmap;
import com.google.zxing.LuminanceSource;
import com.google.zxing.common.GlobalHistogramBinarizer;
import com.google.zxing.qrcode.QRCodeReader;
import java.util.List;
import org.junit.jupiter.api.Test;

class QrCodeTest {

    private static final String LINK = "https://192.168.1.20:7412/agent#token=fzx-2GE3o0GE50NmWTabcdefghijklmnopqrstuvwxy";

    /** Reads what a terminal with light text on dark would show. */
    @Test
    void aCameraReadsWhatTheTerminalShows() throws Exception {
        List<String> lines = new QrCode(LINK).asText().lines().toList();
        int scale = 4;
        int width = lines.get(0).length() * scale;
        int height = lines.size() * 2 * scale;
        byte[] grey = new byte[width * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                char cell = lines.get(y / scale / 2).charAt(x / scale);
                boolean upper = y / scale % 2 == 0;
                boolean lit = cell == '█' || cell == (upper ? '▀' : '▄');
                grey[y * width + x] = (byte) (lit ? 255 : 0);
            }
        }
        BinaryBitmap image = new BinaryBitmap(new GlobalHistogramBinarizer(new Grey(grey, width, height)));
        assertThat(new QRCodeReader().decode(image).getText()).isEqualTo(LINK);
    }

    private static final class Grey extends LuminanceSource {
        private final byte[] values;

        private Grey(byte[] values, int width, int height) {
            super(width, height);
            this.values = values;
        }

        @Override
        public byte[] getRow(int y, byte[] row) {
            byte[] into = row == null || row.length < getWidth() ? new byte[getWidth()] : row;
            System.arraycopy(values, y * getWidth(), into, 0, getWidth());
            return into;
        }

        @Override
        public byte[] getMatrix() {
            return values;
        }
    }
}
