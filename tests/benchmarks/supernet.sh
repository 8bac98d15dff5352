#!/bin/sh
# Supernet training, Lutra beside Python's PyTorch: the same blocks, batch, image size and threads, and step for step the same
# architectures, from one list. One process after the other in turn; before time is taken every option of every layer has been used.
# Prints medians over the rounds: images/s, their ratio to the fastest of PyTorch, the share of time that steps waited for images, and
# the largest resident memory.
#
#   tests/benchmarks/supernet.sh [ROUNDS [THREADS [STEPS]]]      run it on a machine that does nothing else
#
# SPACES, in the environment, names some of shufflenetv2-cifar, fairnas-cifar and spos-shufflenetv2; all of them unless it is set.
# With ALONE=1 it is one network by itself, which learns its batch norm too, as lutra retrain trains it: tests/benchmarks/retrain.sh.
#
# Both sides run with the C allocator as it is, as Lutra's launcher sets it (and PyTorch's threads), and with mimalloc if that is
# installed: the allocator decides as much as the code (docs/benchmarks.md).
set -eu
cd "$(dirname "$0")/../.."
rounds=${1:-5} threads=${2:-2} steps=${3:-20}
python=${PYTHON:-/usr/bin/python3}
"$python" -c 'import torch' 2>/dev/null || { echo "supernet.sh: $python has no torch (expected: Debian's python3-torch)" >&2; exit 2; }
launcher=$(grep -oE 'export (MALLOC_|GLIBC_|GOMP_).*' lutra)
[ "$(echo "$launcher" | wc -l)" = 3 ] || { echo "supernet.sh: the launcher's settings are not where they were: $launcher" >&2; exit 2; }
mimalloc=$(ls /usr/lib/*/libmimalloc.so.2 /usr/lib/libmimalloc.so.2 2>/dev/null | head -1 || true)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mvn -q -B -pl src -am -DskipTests compile \
    org.apache.maven.plugins:maven-dependency-plugin:3.9.0:build-classpath -Dmdep.outputFile="$work/classpath" >/dev/null

under() (  # allocator, command
    allocator=$1
    shift
    case $allocator in
        launcher) eval "$launcher" ;;
        mimalloc) export LD_PRELOAD="$mimalloc" ;;
    esac
    exec "$@"
)

lutra() {  # allocator, space, batch, size, images
    under "$1" java -XX:+UseSerialGC -Dai.djl.pytorch.num_threads="$threads" -DOPT_OUT_TRACKING=true \
        -cp "src/target/classes:$(cat "$work/classpath")" tests/src/test/java/dev/lutra/benchmarks/SupernetSteps.java \
        "$2" "$3" "$4" "$steps" "$work/paths-$2" "$5" ${ALONE:+alone} 2>"$work/errors" | grep images_per_second >"$work/line" || { cat "$work/errors" >&2; exit 1; }
    sed "s/\"lutra\"/\"lutra, $1\"/" "$work/line" | tee -a "$work/results"
}

peer() {  # allocator, space, batch, size, images, options
    allocator=$1
    shift
    under "$allocator" "$python" tests/benchmarks/supernet_peer.py steps "$1" "$2" "$3" "$steps" "$work/paths-$1" "$4" \
        --threads "$threads" ${ALONE:+--alone} $5 >"$work/line"
    sed "s/\"pytorch\([^\"]*\)\"/\"pytorch\1, $allocator\"/" "$work/line" | tee -a "$work/results"
}

round() {  # space, batch, size, images (augmented: read as a training does; fixed: one batch), further layout of the peer
    for allocator in plain launcher ${mimalloc:+mimalloc}; do
        lutra "$allocator" "$1" "$2" "$3" "$4"
        peer "$allocator" "$1" "$2" "$3" "$4" --channels-last
    done
    peer plain "$1" "$2" "$3" "$4" ""
    [ -z "$5" ] || peer plain "$1" "$2" "$3" "$4" "$5"
}

spaces=${SPACES:-shufflenetv2-cifar fairnas-cifar spos-shufflenetv2}
for space in $spaces; do
    "$python" tests/benchmarks/supernet_peer.py paths ${ALONE:+--alone} "$space" $((5 + steps)) >"$work/paths-$space"
done
i=0
while [ "$i" -lt "$rounds" ]; do
    for space in $spaces; do
        case $space in
            fairnas-cifar) round "$space" 128 32 augmented "" ;;
            spos-shufflenetv2) round "$space" 32 224 fixed "--channels-last --slices" ;;
            *) round "$space" 128 32 augmented "--channels-last --slices" ;;
        esac
    done
    i=$((i + 1))
done

"$python" - "$work/results" <<'PYTHON'
import json, statistics, sys

runs = {}
for line in open(sys.argv[1]):
    run = json.loads(line)
    runs.setdefault(run["space"], {}).setdefault(run["peer"], []).append(run)
for space, peers in runs.items():
    median = {peer: {key: statistics.median(run[key] for run in of) for key in of[0] if key not in ("peer", "space")} for peer, of in peers.items()}
    best = max(one["images_per_second"] for peer, one in median.items() if peer.startswith("pytorch"))
    print("\n%s: medians of %d rounds" % (space, len(next(iter(peers.values())))))
    print("  %-40s %9s %6s %6s %9s" % ("", "images/s", "ratio", "waits", "peak MiB"))
    for peer, one in sorted(median.items()):
        print("  %-40s %9.1f %6.2f %5.1f%% %9.0f" % (
            peer, one["images_per_second"], one["images_per_second"] / best, 100 * one["wait_share"], one["peak_mib"]))
PYTHON
