#!/bin/sh
# Candidates judged a second by a supernet's weights, one at a time and several at a time: processes in turn (A B A B ...), medians and
# their ratio. Each candidate is computed by one thread of libtorch either way.
#
#   tests/benchmarks/candidates.sh [ROUNDS [EVALUATORS [CANDIDATES]]]      run it on a machine that does nothing else
set -eu
cd "$(dirname "$0")/../.."
rounds=${1:-3}
evaluators=${2:-2}
candidates=${3:-16}
[ -d server/target/lib ] || ./lutra --version >/dev/null
# as the launcher does for what trains and evaluates
export MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_TOP_PAD_=67108864 MALLOC_ARENA_MAX=4
export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-5000}"
results=$(mktemp)
images=$(mktemp -d)
trap 'rm -rf "$results" "$images"' EXIT
i=0
while [ "$i" -lt "$rounds" ]; do
    for n in 1 "$evaluators"; do
        java -XX:+UseSerialGC -Dai.djl.offline=true -cp "server/target/lutra-server-0.1.0.jar:server/target/lib/*" \
            tests/src/test/java/dev/lutra/benchmarks/CandidatesPerSecond.java "$n" "$candidates" "$images" 2>/dev/null |
            grep candidates_per_second | tee -a "$results"
    done
    i=$((i + 1))
done
python3 - "$results" <<'PYTHON'
import json, statistics, sys

runs = [json.loads(line) for line in open(sys.argv[1])]
assert len({run["accuracies"] for run in runs}) == 1, "the accuracies differ"
medians = {n: statistics.median(run["candidates_per_second"] for run in runs if run["evaluators"] == n)
           for n in sorted({run["evaluators"] for run in runs})}
for n, value in medians.items():
    print("%d at a time: %.3f candidates/s, %.2f of one at a time" % (n, value, value / medians[1]))
PYTHON
