#!/bin/sh
# The best network of Once-for-all's space under 25 ms on a Note 10 by an accuracy predictor, an ONNX file that is made here with a fixed
# seed: best accuracy after so many evaluations of `lutra` and of a plain genetic algorithm (`spos`, 100 generations of 100), as a table.
#
#   tests/benchmarks/predictor.sh FOLDER [SEEDS [EVALUATIONS]]
#
# FOLDER gets the predictor. EVALUATIONS are those of `lutra`.
set -eu
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || { echo "predictor.sh: FOLDER missing" >&2; exit 2; }
[ -d server/target/lib ] || ./lutra --version >/dev/null
exec java -XX:+UseSerialGC -cp "server/target/classes:src/target/classes:proto/target/classes:server/target/lib/*" \
    tests/src/test/java/dev/lutra/benchmarks/PredictorBenchmark.java "$1" "${2:-3}" "${3:-1000}"
