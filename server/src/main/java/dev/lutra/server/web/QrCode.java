package dev.lutra.server.web;

import com.google.zxing.BarcodeFormat;
import com.google.zxing.EncodeHintType;
import com.google.zxing.WriterException;
import com.google.zxing.common.BitMatrix;
import com.google.zxing.qrcode.QRCodeWriter;
import com.google.zxing.qrcode.decoder.ErrorCorrectionLevel;
import java.util.Map;

/** A link for a phone's camera. */
final class QrCode {

    /** Nothing, the lower, the upper and both of two modules. */
    static final String CHARACTERS = " ▄▀█";

    /** Light modules around the code; the standard asks for four, cameras are content with two. */
    private static final int MARGIN = 2;

    private final BitMatrix modules;

    /** @throws IllegalArgumentException when the text is longer than a QR code holds (about 2900 bytes) */
    QrCode(String text) {
        try {
            modules = new QRCodeWriter().encode(text, BarcodeFormat.QR_CODE, 0, 0,
                Map.of(EncodeHintType.MARGIN, MARGIN, EncodeHintType.ERROR_CORRECTION, ErrorCorrectionLevel.L));
        } catch (WriterException e) {
            throw new IllegalArgumentException("no QR code of " + text.length() + " characters: " + e.getMessage(), e);
        }
    }

    /**
     * Two modules a character cell, one above the other. Light modules are drawn, so that it reads on a dark terminal as it
     * stands; cameras read the inverted code of a light one as well.
     */
    String asText() {
        StringBuilder text = new StringBuilder();
        for (int y = 0; y < modules.getHeight(); y += 2) {
            for (int x = 0; x < modules.getWidth(); x++) {
                int lower = y + 1 < modules.getHeight() && !modules.get(x, y + 1) ? 1 : 0;
                int upper = modules.get(x, y) ? 0 : 2;
                text.append(CHARACTERS.charAt(lower + upper));
            }
            text.append('\n');
        }
        return text.toString();
    }

    /** Black on white whatever the page's colours: cameras want the contrast. */
    String asSvg() {
        StringBuilder dark = new StringBuilder();
        for (int y = 0; y < modules.getHeight(); y++) {
            for (int x = 0; x < modules.getWidth(); x++) {
                if (modules.get(x, y)) {
                    dark.append('M').append(x).append(' ').append(y).append("h1v1h-1z");
                }
            }
        }
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + modules.getWidth() + " " + modules.getHeight()
            + "\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h" + modules.getWidth() + "v" + modules.getHeight()
            + "H0z\"/><path d=\"" + dark + "\"/></svg>";
    }
}
