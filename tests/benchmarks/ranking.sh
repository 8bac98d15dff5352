#!/bin/sh
# What a way to train a supernet is worth: recipes of equal compute on a space whose networks' own accuracies are known, each ranked by
# `lutra rank`, which no training sees anything of.
#
#   tests/benchmarks/ranking.sh SPACE TABLE IMAGES OUT [EPOCHS [BATCH [RECIPE ...]]]
#
# SPACE and TABLE as mbconv.yaml and mbconv_300.csv (column mean, percent), IMAGES as an experiment names training images. EPOCHS are those of
# uniform paths; every other recipe gets as many as come nearest to their forward passes, and the table says how near. OUT keeps
# the runs, and what was killed goes on there. NETWORKS of the table are judged (100), after RECALIBRATION images on VALIDATION images
# (512 and 1000, for pilots). One recipe after the other, on a machine that does nothing else. Recipes: ranking.py.
set -eu
[ $# -ge 4 ] || { echo "ranking.sh SPACE TABLE IMAGES OUT [EPOCHS [BATCH [RECIPE ...]]]" >&2; exit 2; }
space=$(realpath "$1") table=$(realpath "$2") images=$3 epochs=${5:-9} batch=${6:-64}
mkdir -p "$4/plan"
out=$(realpath "$4")
shift "$(($# < 6 ? $# : 6))"
recipes=${*:-uniform today fair fair-distilled sandwich sandwich-ranked shrunk no-decay}
case $images in *:*) ;; *) images=$(realpath "$images") ;; esac
cd "$(dirname "$0")/../.."
python=${PYTHON:-/usr/bin/python3}
mvn -q -B -pl server -am -DskipTests compile \
    org.apache.maven.plugins:maven-dependency-plugin:3.9.0:build-classpath -Dmdep.outputFile="$out/classpath" >/dev/null

macs() {  # experiments
    java -DOPT_OUT_TRACKING=true -cp "server/target/classes:$(cat "$out/classpath")" \
        tests/src/test/java/dev/lutra/benchmarks/RecipeMacs.java "$@" 2>"$out/errors" || { cat "$out/errors" >&2; exit 1; }
}

if [ ! -f "$out/plan/done" ]; then
    "$python" tests/benchmarks/ranking.py plan "$out" "$space" "$table" "$images" "$epochs" "$batch" $recipes
    macs "$out"/plan/*.yaml >"$out/plan/macs"
    "$python" tests/benchmarks/ranking.py choose "$out" "$epochs" $recipes
    touch "$out/plan/done"
fi
for recipe in $recipes; do
    ./lutra train "$out/$recipe.yaml" --out "$out/$recipe"
    ./lutra rank "$out/$recipe.yaml" --out "$out/$recipe" --json >"$out/$recipe.json"
done
macs "$out"/*.yaml >"$out/macs"
"$python" tests/benchmarks/ranking.py table "$out" $recipes
