#!/usr/bin/env bash
# fuzz.sh [--coverage] [PARSER...]: makes inputs for every parser, or for those named, ten minutes each, with a heap of 1 GB and ten
# seconds of a processor an input, or ten minutes by the clock, and half a microsecond a pixel of an image. What breaks a parser lies as crash-* beside its other inputs (src/test/resources) and is replayed by every build from
# then on; what else was tried is kept in .cifuzz-corpus, which Git ignores.
# With --coverage it makes none: it replays those that are there and prints which share of the lines of each parser's classes they reach.
set -euo pipefail
cd "$(dirname "$0")/.."
tests=tests/src/test/java/dev/lutra/tests/fuzz/ParserFuzzTest.java
coverage=$PWD/tests/target/coverage

# The classes of each parser: what stands between a stranger's bytes and what Lutra makes of them.
declare -A classes=(
    [experiment]='server\.experiment\.(ExperimentFile|Vocabulary|.*Section.*)|yaml\.(YamlNode|LayeredSettings).*'
    [space]='space\.(SpaceFile|Header|LayerTable|CellTable|Choices|StagedSpace|HeadedSpace|block\.Settings)|yaml\.YamlNode.*'
    [architecture]='space\.(Architecture|Gene|StagedSpace|CellSpace|Cell)'
    [othersArchitecture]='space\.interchange\..*'
    [weightMapping]='weights\.WeightMapping.*'
    [lookupTable]='latency\.TableJson.*'
    [publishedTable]='latency\.published\.(PublishedTable|Figures|TableFormat).*'
    [tableSpace]='space\.TableSpace'
    [csv]='csv\..*'
    [accuracyTable]='search\.(AccuracyFile|AccuracyTable).*|csv\..*'
    [front]='search\.FrontJson'
    [safetensors]='weights\.(SafetensorsFile|TensorArchive|DataType|MappedBytes).*'
    [safetensorsHeader]='weights\.(SafetensorsFile|TensorArchive|DataType|MappedBytes).*'
    [numpyHeader]='weights\.(NumpyHeader|NumpyArchive|DataType).*'
    [numpyArchive]='weights\.(NumpyHeader|NumpyArchive).*'
    [onnx]='onnx\.(OnnxFile|ExportedNetwork)|proto\.border\.SelfContainedModel.*'
    [image]='data\.image\..*'
    [message]='latency\.LookupTable'
)

run() { # PARSER INSTRUMENTED JVM-OPTION...
    mvn -B -q test -pl tests -am -Dtest="ParserFuzzTest#$1" -Dsurefire.failIfNoSpecifiedTests=false -Dfuzz.instrumented="$2" \
        -DargLine="-Xmx1g ${*:3}"
}

fuzz() {
    local broken=()
    for parser in "$@"; do
        echo "fuzz: $parser"
        # JUnit's own limit is off: it would hold for the whole ten minutes. That of an input waits for nothing on a busy machine
        JAZZER_FUZZ=1 run "$parser" true '-Djazzer.instrumentation_includes=dev.lutra.**:com.twelvemonkeys.**' \
            -Djunit.jupiter.execution.timeout.mode=disabled -Djunit.jupiter.execution.timeout.testtemplate.method.default=10m \
            || broken+=("$parser")
    done
    [ ${#broken[@]} -eq 0 ] || { echo "fuzz: broken: ${broken[*]}"; return 1; }
}

cover() {
    mvn -B -q process-test-classes -pl tests -am -Pcoverage
    for parser in "$@"; do
        rm -f "$coverage/$parser".*
        run "$parser" false "-javaagent:$coverage/jacoco-agent.jar=destfile=$coverage/$parser.exec,includes=dev.lutra.*"
        java -jar "$coverage/jacoco-cli.jar" report "$coverage/$parser.exec" --quiet --csv "$coverage/$parser.csv" \
            --classfiles proto/target/classes --classfiles src/target/classes --classfiles server/target/classes
        awk -F, -v parser="$parser" -v wanted="^dev\\.lutra\\.(${classes[$parser]})\$" '
            ($2 "." $3) ~ wanted { missed += $8; reached += $9; each = each sprintf("    %3.0f %% of %4d lines  %s.%s\n", 100 * $9 / ($8 + $9), $8 + $9, $2, $3) }
            END { printf "%s: %.0f %% of %d lines\n%s", parser, 100 * reached / (missed + reached), missed + reached, each }' \
            "$coverage/$parser.csv"
    done
}

task=fuzz
if [ "${1:-}" = --coverage ]; then
    task=cover
    shift
fi
parsers=("$@")
[ $# -gt 0 ] || mapfile -t parsers < <(grep -A1 '@FuzzTest' "$tests" | sed -nE 's/ *void (\w+)\(.*/\1/p')
for parser in "${parsers[@]}"; do
    [ -n "${classes[$parser]:-}" ] || { echo "fuzz: no parser $parser (expected: ${!classes[*]})"; exit 2; }
done
run binarySeeds true # which writes them beside what was tried
"$task" "${parsers[@]}"
