#!/bin/sh
# The search against equally many random architectures, on a finished run: same constraints, same budget, several seeds.
#
#   tests/benchmarks/search_against_random.sh EXPERIMENT RUN_FOLDER [POPULATION [GENERATIONS [SEEDS]]]
set -eu
cd "$(dirname "$0")/../.."
[ $# -ge 2 ] || { echo "search_against_random.sh: EXPERIMENT and RUN_FOLDER missing" >&2; exit 2; }
[ -d server/target/lib ] || ./lutra --version >/dev/null
exec java -Dai.djl.offline=true -cp "server/target/lutra-server-0.1.0.jar:server/target/lib/*" \
    tests/src/test/java/dev/lutra/benchmarks/SearchAgainstRandom.java "$1" "$2" "${3:-20}" "${4:-5}" "${5:-3}"
