#!/bin/sh
# What fair sampling costs: a step of m paths beside m steps of one uniform path, in turns in one process (A B A B ...), with images
# from the loader; the median over the rounds of the ratio of their times, as they are and for equal multiply-accumulates.
#
#   tests/benchmarks/fair.sh [SPACE [IMAGES [BATCH [ROUNDS [STEPS [THREADS]]]]]]      run it on a machine that does nothing else
#
# IMAGES as in an experiment file: a folder, cifar10:FOLDER, or synthetic:CLASSESxIMAGES.
set -eu
cd "$(dirname "$0")/../.."
space=${1:-fairnas-cifar} images=${2:-synthetic:10x600} batch=${3:-64} rounds=${4:-7} steps=${5:-5} threads=${6:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mvn -q -B -pl src -am -DskipTests compile \
    org.apache.maven.plugins:maven-dependency-plugin:3.9.0:build-classpath -Dmdep.outputFile="$work/classpath" >/dev/null
java -Dai.djl.pytorch.num_threads="$threads" -DOPT_OUT_TRACKING=true -cp "src/target/classes:$(cat "$work/classpath")" \
    tests/src/test/java/dev/lutra/benchmarks/FairSteps.java "$space" "$images" "$work/images" "$batch" "$rounds" "$steps" \
    2>"$work/errors" | grep '"ratio"' | tee "$work/rounds" || { tail -5 "$work/errors" >&2; exit 1; }
"${PYTHON:-/usr/bin/python3}" - "$work/rounds" <<'PYTHON'
import json, statistics, sys

rounds = [json.loads(line) for line in open(sys.argv[1])]
for key in ("ratio", "ratio_of_equal_macs"):
    values = sorted(each[key] for each in rounds)
    print(f"{key}: median {statistics.median(values):.3f}, {values[0]:.3f} to {values[-1]:.3f} in {len(values)} rounds")
PYTHON
