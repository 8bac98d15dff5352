#!/usr/bin/env bash
# fuzz.sh [PARSER...]: makes inputs for every parser, or for those named, ten minutes each, with a heap of 1 GB and ten seconds an input.
# What breaks a parser lies as crash-* beside its other inputs (src/test/resources) and is replayed by every build from then on;
# what else was tried is kept in .cifuzz-corpus, which Git ignores.
set -euo pipefail
cd "$(dirname "$0")/.."
tests=tests/src/test/java/dev/lutra/tests/fuzz/ParserFuzzTest.java
parsers=("$@")
[ $# -gt 0 ] || mapfile -t parsers < <(grep -A1 '@FuzzTest' "$tests" | sed -nE 's/ *void (\w+)\(.*/\1/p')

run() {
    mvn -B -q test -pl tests -am -Dtest="ParserFuzzTest#$1" -Dsurefire.failIfNoSpecifiedTests=false -Dfuzz.instrumented=true \
        -DargLine="-Xmx1g -Djazzer.instrumentation_includes=dev.lutra.**:com.twelvemonkeys.** -Djunit.jupiter.execution.timeout.mode=disabled -Djunit.jupiter.execution.timeout.testtemplate.method.default=10s"
}

run binarySeeds
broken=()
for parser in "${parsers[@]}"; do
    echo "fuzz: $parser"
    JAZZER_FUZZ=1 run "$parser" || broken+=("$parser") # JUnit's own limit is off: it would hold for the whole ten minutes
done
[ ${#broken[@]} -eq 0 ] || { echo "fuzz: broken: ${broken[*]}"; exit 1; }
