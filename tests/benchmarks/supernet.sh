#!/bin/sh
# Supernet training, Lutra beside Python's PyTorch: the same blocks, batch, image size and threads, one process after the
# other (A B C ... A B C ...), medians of images/s and their ratio to the best layout of the peer.
#
#   tests/benchmarks/supernet.sh [ROUNDS [THREADS]]      run it on a machine that does nothing else
#
# Where other processes want the cores, OMP_WAIT_POLICY=PASSIVE keeps both sides' threads from spinning against them.
# Lutra runs with the C allocator as it is, with glibc's told to keep memory, and with mimalloc if that is installed: the
# allocator decides as much as the code (docs/benchmarks.md).
set -eu
cd "$(dirname "$0")/../.."
rounds=${1:-5}
threads=${2:-2}
python=${PYTHON:-/usr/bin/python3}
"$python" -c 'import torch' 2>/dev/null || { echo "supernet.sh: $python has no torch (expected: Debian's python3-torch)" >&2; exit 2; }

results=$(mktemp)
classpath=$(mktemp)
trap 'rm -f "$results" "$classpath"' EXIT
mvn -q -B -pl src -am -DskipTests compile \
    org.apache.maven.plugins:maven-dependency-plugin:3.9.0:build-classpath -Dmdep.outputFile="$classpath" >/dev/null
mimalloc=$(ls /usr/lib/*/libmimalloc.so.2 /usr/lib/libmimalloc.so.2 2>/dev/null | head -1 || true)

lutra() {  # name of the setting, space, batch, size, warm-up, steps; further arguments: environment
    setting=$1 space=$2 batch=$3 size=$4 warm_up=$5 steps=$6
    shift 6
    env "$@" java -Dai.djl.pytorch.num_threads="$threads" -DOPT_OUT_TRACKING=true \
        -cp "src/target/classes:$(cat "$classpath")" \
        tests/src/test/java/dev/lutra/benchmarks/SupernetSteps.java "$space" "$batch" "$size" "$warm_up" "$steps" 2>/dev/null |
        grep images_per_second | sed "s/\"lutra\"/\"lutra $setting\"/" | tee -a "$results"
}

peer() {  # space, batch, size, warm-up, steps, options
    "$python" tests/benchmarks/supernet_peer.py "$@" --threads "$threads" | tee -a "$results"
}

round() {  # space, batch, size, warm-up, steps
    lutra plain "$@" LC_ALL=C
    peer "$@"
    lutra glibc-keep "$@" MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=17179869184 \
        MALLOC_TOP_PAD_=67108864
    peer "$@" --channels-last
    [ -z "$mimalloc" ] || lutra mimalloc "$@" LD_PRELOAD="$mimalloc"
    peer "$@" --channels-last --slices
}

i=0
while [ "$i" -lt "$rounds" ]; do
    round shufflenetv2-cifar 128 32 10 20
    round spos-shufflenetv2 32 224 2 4
    i=$((i + 1))
done

"$python" - "$results" <<'PYTHON'
import json, statistics, sys

runs = {}
for line in open(sys.argv[1]):
    run = json.loads(line)
    runs.setdefault(run["space"], {}).setdefault(run["peer"], []).append(run["images_per_second"])
for space, peers in runs.items():
    medians = {peer: statistics.median(values) for peer, values in peers.items()}
    best = max(value for peer, value in medians.items() if peer.startswith("pytorch"))
    print("\n%s: median images/s of %d rounds, ratio to the best of PyTorch" % (space, len(next(iter(peers.values())))))
    for peer, value in sorted(medians.items()):
        print("  %-30s %8.1f  %5.2f" % (peer, value, value / best))
PYTHON
