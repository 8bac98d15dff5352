package dev.lutra.space;

import dev.lutra.InputException;
import dev.lutra.network.Bits;
import dev.lutra.yaml.YamlNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A space whose every layer multiplies in the same bits, first and last ones too: what networks of a space of real numbers are quantized
 * to. Names of ops and weights are the same.
 *
 * @param real the space of real numbers
 * @param space the one of these bits
 */
public record UniformBits(SearchSpace real, SearchSpace space) {

    /** @throws InputException if the space has bits of its own, or was not made from a file */
    public static UniformBits of(SearchSpace real, Bits bits) {
        YamlNode file = real.definition().map(text -> YamlNode.parse(real.name(), text))
            .orElseThrow(() -> new InputException(real.name() + ": has no networks (expected: a space from a file)"));
        boolean hasCells = file.find("cells").isPresent();
        if (real.genes().stream().anyMatch(Gene::isBits) || hasCells && file.find("bits").isPresent()) {
            throw new InputException(real.name() + ": has bits of its own (expected: a space of float32)");
        }
        Map<String, Object> written = new LinkedHashMap<>();
        file.entries().forEach((key, value) -> written.put(key, value.plain()));
        written.put("name", real.name() + "-in-" + bits);
        List<Map<String, Object>> rows = new ArrayList<>();
        for (YamlNode row : file.get("layers").items()) {
            Map<String, Object> layer = new LinkedHashMap<>();
            row.entries().forEach((key, value) -> layer.put(key, value.plain()));
            if (!hasCells) {
                layer.put("bits", bits.toString());
            }
            rows.add(layer);
        }
        written.put("layers", rows);
        if (hasCells) {
            written.put("bits", bits.toString());
        }
        return new UniformBits(real, SpaceFile.parse(real.name(), YamlNode.text(written)).withClasses(real.classes())
            .withImageSize(real.imageSize()));
    }

    /** An architecture of the space of real numbers, in these bits. */
    public Architecture architecture(Architecture architecture) {
        List<String> names = real.genes().stream().map(Gene::name).toList();
        int[] values = space.genes().stream().mapToInt(gene -> gene.isBits() ? 0 : architecture.value(names.indexOf(gene.name()))).toArray();
        return space.architecture(values);
    }
}
