#!/bin/sh
# Candidates judged a second by a supernet's weights, one at a time and several at a time in turn (A B A B ...): medians, and the median
# of each round's ratio. Each candidate is computed by one thread of libtorch either way.
#
#   tests/benchmarks/candidates.sh [EVALUATORS [ROUNDS [CANDIDATES]]]      run it on a machine that does nothing else
set -eu
cd "$(dirname "$0")/../.."
[ -d server/target/lib ] || ./lutra --version >/dev/null
# as the launcher does for what trains and evaluates
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_TOP_PAD_=67108864 MALLOC_ARENA_MAX=1
export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-5000}"
results=$(mktemp)
images=$(mktemp -d)
trap 'rm -rf "$results" "$images"' EXIT
java -XX:+UseSerialGC -Dai.djl.offline=true -cp "server/target/lutra-server-0.1.0.jar:server/target/lib/*" \
    tests/src/test/java/dev/lutra/benchmarks/CandidatesPerSecond.java "${1:-2}" "${2:-7}" "${3:-4}" "$images" 2>/dev/null |
    grep candidates_per_second | tee "$results"
python3 - "$results" <<'PYTHON'
import json, statistics, sys

runs = [json.loads(line) for line in open(sys.argv[1])]
assert len({run["accuracies"] for run in runs}) == 1, "the accuracies differ"
single = [run["candidates_per_second"] for run in runs[0::2]]
several = [run["candidates_per_second"] for run in runs[1::2]]
print("one at a time: %.3f candidates/s; %d at a time: %.3f; ratio of a round: %.2f (%.2f to %.2f)" % (
    statistics.median(single), runs[1]["evaluators"], statistics.median(several),
    statistics.median(b / a for a, b in zip(single, several)),
    min(b / a for a, b in zip(single, several)), max(b / a for a, b in zip(single, several))))
PYTHON
