package dev.lutra.server.regression;

import dev.lutra.AtomicFile;
import dev.lutra.proto.Baseline;
import dev.lutra.proto.border.VisibleText;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** A verdict in the XML that JUnit's Ant task writes and continuous integrations read: one suite with one test, the file. */
public final class JunitReport {

    private JunitReport() {}

    /**
     * Writes it, whole or not at all.
     *
     * @param verdict empty where a baseline was written
     */
    public static void write(Path file, Baseline measured, Optional<Verdict> verdict) {
        StringWriter text = new StringWriter();
        try {
            write(XMLOutputFactory.newFactory().createXMLStreamWriter(text), measured, verdict);
        } catch (XMLStreamException e) {
            throw new IllegalStateException(e);
        }
        AtomicFile.write(file, text + "\n");
    }

    private static void write(XMLStreamWriter xml, Baseline measured, Optional<Verdict> verdict) throws XMLStreamException {
        boolean failed = verdict.filter(Verdict::isRegression).isPresent();
        String seconds = String.format(Locale.ROOT, "%.9f", measured.getLatency().getP50Nanos() / 1e9);
        xml.writeStartDocument("UTF-8", "1.0");
        xml.writeStartElement("testsuite");
        attribute(xml, "name", "lutra verify");
        attribute(xml, "tests", "1");
        attribute(xml, "failures", failed ? "1" : "0");
        attribute(xml, "errors", "0");
        attribute(xml, "skipped", "0");
        attribute(xml, "time", seconds);
        xml.writeStartElement("testcase");
        attribute(xml, "classname", "latency." + measured.getDevice().getName() + "." + measured.getRuntime().getProvider());
        attribute(xml, "name", measured.getFile());
        attribute(xml, "time", seconds);
        if (failed) {
            xml.writeStartElement("failure");
            attribute(xml, "type", "slower");
            attribute(xml, "message", verdict.get().described());
            xml.writeEndElement();
        }
        if (verdict.isPresent()) {
            xml.writeStartElement("system-out");
            xml.writeCharacters(VisibleText.of(verdict.get().described()));
            xml.writeEndElement();
        }
        xml.writeEndDocument();
        xml.close();
    }

    private static void attribute(XMLStreamWriter xml, String name, String value) throws XMLStreamException {
        xml.writeAttribute(name, VisibleText.of(value));
    }
}
