package dev.lutra.server.experiment;

import dev.lutra.InputException;
import dev.lutra.data.DataSpec;
import dev.lutra.data.source.Source;
import dev.lutra.server.experiment.Experiment.DataSource;
import dev.lutra.yaml.YamlNode;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Reads the section {@code data}.
 *
 * @param folder of the experiment file, which paths are relative to
 */
record DataSection(Path folder) {

    private static final double LEAST_SHARE = 0.01;
    private static final double MOST_SHARE = 0.9;
    private static final double MOST_CORRUPT = 0.5;

    DataSource read(YamlNode node) {
        DataSource data = new DataSource(source(node.get("train")),
            node.find("validation").map(this::source),
            node.find("test").map(this::source),
            node.find("validation-share").map(share -> share.number(LEAST_SHARE, MOST_SHARE)).orElse(DataSpec.DEFAULT_VALIDATION_SHARE),
            new DataSpec.Care(
                node.find("corrupt").map(share -> Quantity.share(share, MOST_CORRUPT)).orElse(0.0),
                node.find("balance").map(balance -> balance.number(0, 1)).orElse(0.0),
                node.find("classes").map(file -> folder.resolve(file.text()))),
            node.find("cache").map(cache -> folder.resolve(cache.text())));
        node.rejectUnknownKeys();
        return data;
    }

    /** A source by its name, or a list with what its name does not say. */
    private Source source(YamlNode node) {
        if (node.isMapping()) {
            Source list = list(node);
            node.rejectUnknownKeys();
            return list;
        }
        try {
            return Source.parse(node.text(), folder);
        } catch (InputException e) {
            throw node.error(e.getMessage());
        }
    }

    private static String separator(YamlNode node) {
        if (node.text().isEmpty()) {
            throw node.error("'" + node.text() + "' (expected: what stands between the classes of a cell, such as '|')");
        }
        return node.text();
    }

    private Source list(YamlNode node) {
        Source.FileList usual = Source.FileList.beside(folder.resolve(node.get("list").text()));
        return new Source.FileList(usual.list(), node.find("folder").map(text -> folder.resolve(text.text())).orElse(usual.folder()),
            node.find("file").map(YamlNode::text).orElse(usual.file()), node.find("label").map(YamlNode::text).orElse(usual.label()),
            node.find("group").map(YamlNode::text), node.find("separator").map(DataSection::separator));
    }
}
