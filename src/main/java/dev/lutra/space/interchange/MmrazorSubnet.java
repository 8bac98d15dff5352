package dev.lutra.space.interchange;

import dev.lutra.InputException;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.yaml.YamlNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * MMRazor's subnet YAML: one key for every stage and block. Versions differ in how they write keys
 * ({@code backbone.layers.2.5}, {@code stage_2_block_5}) and values ({@code x}, {@code chosen: x}, {@code chosen: [x]}).
 */
final class MmrazorSubnet {

    private static final Pattern KEY = Pattern.compile("backbone\\.layers\\.(\\d+)\\.(\\d+)|stage_(\\d+)_block_(\\d+)");

    /**
     * A space that MMRazor has too.
     *
     * @param space our name of it
     * @param stages layers in each of its stages
     * @param fixed choice of layers at the start that the space does not search
     * @param prefix of the names of its choices
     */
    private record SupportedSpace(String space, List<Integer> stages, List<String> fixed, String prefix) {

        String theirs(Gene.Option option) {
            return option.aliases().stream().filter(alias -> alias.startsWith(prefix) || alias.equals("identity")).findFirst()
                .orElse(prefix + option.name());
        }
    }

    private static final List<SupportedSpace> SUPPORTED = List.of(
        new SupportedSpace("mmrazor-spos", List.of(4, 4, 8, 4), List.of(), "shuffle_"),
        new SupportedSpace("proxyless-gpu", List.of(1, 4, 4, 4, 4, 4, 1), List.of("mb_k3e1"), "mb_"),
        new SupportedSpace("mmrazor-proxyless-gpu", List.of(1, 4, 4, 4, 4, 4, 1), List.of("mb_k3e1"), "mb_"));

    private MmrazorSubnet() {}

    static boolean isSubnet(YamlNode root) {
        return modules(root).keySet().stream().anyMatch(key -> KEY.matcher(key).matches());
    }

    /** Version 2.0 of the 0.x files puts the choices under {@code modules}. */
    private static Map<String, YamlNode> modules(YamlNode root) {
        return root.find("modules").filter(YamlNode::isMapping).orElse(root).entries();
    }

    static ArchitectureFile read(YamlNode root) {
        Map<String, YamlNode> modules = modules(root);
        List<SupportedSpace> candidates = SUPPORTED.stream()
            .filter(candidate -> modules.values().stream().anyMatch(node -> isOf(candidate, node))).toList();
        if (candidates.isEmpty()) {
            throw root.error("no known choice (expected: shuffle_... or mb_...)");
        }
        // AngleNAS's table before MMRazor's, unless identity stands where only that has it; what is wrong in both the last one says
        for (SupportedSpace candidate : candidates.subList(0, candidates.size() - 1)) {
            try {
                return read(root, modules, candidate);
            } catch (InputException e) {
                // the next may have it
            }
        }
        return read(root, modules, candidates.get(candidates.size() - 1));
    }

    private static ArchitectureFile read(YamlNode root, Map<String, YamlNode> modules, SupportedSpace supported) {
        List<String> places = places(supported);
        modules.forEach((key, node) -> {
            if (!places.contains(standardKey(key))) {
                throw node.error("no such block (expected: " + places.get(0) + " to " + places.get(places.size() - 1)
                    + ", stages of " + supported.stages() + " blocks)");
            }
        });
        SearchSpace space = SpaceFile.load(supported.space());
        int[] values = new int[space.genes().size()];
        for (int i = 0; i < places.size(); i++) {
            read(supported, space, values, i - supported.fixed().size(), chosen(root, modules, places.get(i)), i);
        }
        return new ArchitectureFile(space, space.architecture(values));
    }

    private static void read(SupportedSpace supported, SearchSpace space, int[] values, int gene, YamlNode node, int place) {
        if (gene < 0) {
            if (!node.text().equals(supported.fixed().get(place))) {
                throw node.error(node.text() + " (expected: " + supported.fixed().get(place) + ")");
            }
            return;
        }
        List<String> theirs = space.genes().get(gene).options().stream().map(supported::theirs).toList();
        values[gene] = theirs.indexOf(node.text());
        if (values[gene] < 0) {
            throw node.error(node.text() + " (expected: one of " + String.join(", ", theirs) + ")");
        }
    }

    private static boolean isOf(SupportedSpace supported, YamlNode node) {
        return choice(node).map(chosen -> chosen.text().startsWith(supported.prefix())).orElse(false);
    }

    private static YamlNode chosen(YamlNode root, Map<String, YamlNode> modules, String place) {
        YamlNode node = modules.entrySet().stream().filter(entry -> standardKey(entry.getKey()).equals(place))
            .map(Map.Entry::getValue).findFirst()
            .orElseThrow(() -> root.error("no '" + place + "' (expected: a choice for every block)"));
        return choice(node).orElseThrow(() -> node.error("no choice (expected: a name, or chosen: with one name)"));
    }

    private static Optional<YamlNode> choice(YamlNode node) {
        Optional<YamlNode> chosen = node.isMapping() ? node.find("chosen") : Optional.of(node);
        return chosen.flatMap(value -> !value.isList()
            ? Optional.of(value)
            : value.items().size() == 1 ? Optional.of(value.items().get(0)) : Optional.empty());
    }

    private static String standardKey(String key) {
        var matcher = KEY.matcher(key);
        if (!matcher.matches()) {
            return key;
        }
        boolean current = matcher.group(1) != null;
        return key(Integer.parseInt(matcher.group(current ? 1 : 3)), Integer.parseInt(matcher.group(current ? 2 : 4)));
    }

    private static String key(int stage, int block) {
        return "backbone.layers." + stage + "." + block;
    }

    private static List<String> places(SupportedSpace supported) {
        List<String> places = new ArrayList<>();
        for (int stage = 0; stage < supported.stages().size(); stage++) {
            for (int block = 0; block < supported.stages().get(stage); block++) {
                places.add(key(stage, block));
            }
        }
        return places;
    }

    static String write(SearchSpace space, Architecture architecture) {
        SupportedSpace supported = SUPPORTED.stream().filter(candidate -> candidate.space().equals(space.name())).findFirst()
            .orElseThrow(() -> new InputException("space: " + space.name() + " (expected: one that MMRazor has: "
                + String.join(", ", SUPPORTED.stream().map(SupportedSpace::space).toList()) + ")"));
        List<String> choices = new ArrayList<>(supported.fixed());
        for (int gene = 0; gene < space.genes().size(); gene++) {
            choices.add(supported.theirs(space.genes().get(gene).options().get(architecture.value(gene))));
        }
        StringBuilder text = new StringBuilder();
        List<String> places = places(supported);
        for (int i = 0; i < places.size(); i++) {
            text.append(places.get(i)).append(":\n    chosen: ").append(choices.get(i)).append('\n');
        }
        return text.toString();
    }
}
