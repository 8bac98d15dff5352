#!/bin/sh
# What each part of Lutra's own search is worth: the search of search.sh, with one part taken out at a time. A part is taken out by an
# edit of one source file, which is compiled and put before the others; an edit that changes nothing ends the script.
#
#   tests/benchmarks/ablations.sh TABLES FOLDER SEEDS PROBLEM...
#
# TABLES and PROBLEM are search.sh's. FOLDER gets a folder a variant with its results, and ablations.md.
set -eu
cd "$(dirname "$0")/../.."
[ $# -ge 4 ] || { echo "ablations.sh: TABLES, FOLDER, SEEDS or PROBLEM missing" >&2; exit 2; }
tables=$1 folder=$2
shift 2
[ -d server/target/lib ] || ./lutra --version >/dev/null
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
classes="server/target/classes:src/target/classes:proto/target/classes:server/target/lib/*"
search=src/main/java/dev/lutra/search
javac -nowarn -proc:none -cp "$classes" -d "$folder/classes" tests/src/test/java/dev/lutra/benchmarks/SearchBenchmark.java
: >"$folder/ablations.md"

# variant NAME FILE EDIT PROBLEM...
variant() {
    name=$1 file=$2 edit=$3
    shift 3
    own=$folder/$(echo "$name" | tr -c 'a-z0-9\n' -)
    mkdir -p "$own/source" "$own/classes"
    if [ -n "$file" ]; then
        sed "$edit" "$search/$file" >"$own/source/$(basename "$file")"
        ! cmp -s "$search/$file" "$own/source/$(basename "$file")" || { echo "ablations.sh: $name: nothing to edit in $file" >&2; exit 1; }
        javac -nowarn -proc:none -cp "$classes" -d "$own/classes" "$own/source/$(basename "$file")"
    fi
    java -XX:+UseSerialGC -cp "$own/classes:$folder/classes:$classes" dev.lutra.benchmarks.SearchBenchmark "$tables" "$own" "$@" lutra >&2
    if [ -s "$folder/ablations.md" ]; then first=3; else first=1; fi
    tail -n "+$first" "$own/search.md" | sed "s/\`lutra\`/$name/" >>"$folder/ablations.md"
}

variant "whole" "" "" "$@"
variant "first design at random" lutra/Design.java 's/TRIALS = 400/TRIALS = 1/' "$@"
variant "accuracies as they are" surrogate/Warp.java 's/MARGINS = {.*}/MARGINS = {1000}/' "$@"
variant "no trend with costs" surrogate/Hyperparameters.java 's/return Math.exp(values\[TREND\])/return 1e-9/' "$@"
variant "all genes as relevant" surrogate/Hyperparameters.java \
    's/return Math.exp(values\[FIRST_GENE + gene\])/return Math.exp(Arrays.stream(values, FIRST_GENE, values.length).average().orElseThrow())/' "$@"
variant "sizes as mere names" surrogate/GeneShape.java 's/return width > 0 ?.*/return hamming();/' "$@"
variant "intervals not widened" surrogate/GaussianProcess.java 's/return Math.max(1, misses.*/return 1;/' "$@"
variant "expected values alone" lutra/Choice.java 's/warp, expectation.mean(i), expectation.deviation(i)/warp, expectation.mean(i), 1e-6/' "$@"
variant "batches chosen at once" lutra/Choice.java '/improvement.reach(prospect, /d; s/expectation.learn(next);//' "$@"
cat "$folder/ablations.md"
