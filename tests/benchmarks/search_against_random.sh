#!/bin/sh
# The search against equally many random architectures, on a finished run: same constraints, same budget, several seeds.
#
#   tests/benchmarks/search_against_random.sh EXPERIMENT RUN_FOLDER [POPULATION [GENERATIONS [SEEDS]]]
set -eu
cd "$(dirname "$0")/../.."
[ $# -ge 2 ] || { echo "search_against_random.sh: EXPERIMENT and RUN_FOLDER missing" >&2; exit 2; }
[ -d server/target/lib ] || ./lutra --version >/dev/null
# as the launcher does for what trains and evaluates
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_TOP_PAD_=67108864 MALLOC_ARENA_MAX=1
export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-5000}"
exec java -XX:+UseSerialGC -Dai.djl.offline=true -cp "server/target/lutra-server-0.1.0.jar:server/target/lib/*" \
    tests/src/test/java/dev/lutra/benchmarks/SearchAgainstRandom.java "$1" "$2" "${3:-20}" "${4:-5}" "${5:-3}"
