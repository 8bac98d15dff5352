package dev.lutra.server.cli.recipe;

import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.recipe.Recipe;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(name = "recipes", mixinStandardHelpOptions = true, description = "Lists published experiments that lutra init --recipe NAME copies.")
public final class RecipesCommand implements Runnable {

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        List<Recipe> recipes = Recipe.all();
        if (json.isWanted()) {
            System.out.println(Json.line(recipes.stream().map(recipe -> {
                Map<String, Object> document = new LinkedHashMap<>();
                document.put("name", recipe.name());
                document.put("title", recipe.title());
                return document;
            }).toList()));
            return;
        }
        TextTable table = new TextTable("recipe", "what it is");
        recipes.forEach(recipe -> table.row(recipe.name(), recipe.title()));
        System.out.print(table);
    }
}
