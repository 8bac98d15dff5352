#!/bin/sh
# What `rank: {correct: N}` is worth: Kendall's tau of what it foretells of networks that it has not learned from, from 20, 50 and 100 of a
# table's networks, over random choices of these.
#
#   tests/benchmarks/correction.sh SPACE TABLE SEEDS [METRICS]
#
# SPACE and TABLE as mbconv.yaml and mbconv_300.csv (column mean, percent). METRICS is the metrics.jsonl of a run that has ranked some of
# the networks (`lutra rank`, ranking.sh), whose accuracies with shared weights are then an input.
set -eu
[ $# -ge 3 ] || { echo "correction.sh SPACE TABLE SEEDS [METRICS]" >&2; exit 2; }
space=$(realpath "$1") table=$(realpath "$2") seeds=$3
shift 3
[ $# -eq 0 ] || set -- "$(realpath "$1")"
cd "$(dirname "$0")/../.."
[ -d server/target/lib ] || ./lutra --version >/dev/null
exec java -XX:+UseSerialGC -cp "server/target/classes:src/target/classes:proto/target/classes:server/target/lib/*" \
    tests/src/test/java/dev/lutra/benchmarks/CorrectionTrials.java "$space" "$table" "$seeds" "$@"
