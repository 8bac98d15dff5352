#!/bin/sh
# What a step of superkernels costs beside one of a uniform path and one of the largest path, in turns in one process (A B C A B C ...),
# with images from the loader; medians over the rounds, of CPU time and by the clock.
#
#   tests/benchmarks/superkernel_steps.sh [SPACE [IMAGES [BATCH [ROUNDS [STEPS [THREADS]]]]]]      run it on a machine that does nothing else
#
# IMAGES as in an experiment file: a folder, cifar10:FOLDER, or synthetic:CLASSESxIMAGES.
set -eu
cd "$(dirname "$0")/../.."
space=${1:-single-path-cifar} images=${2:-synthetic:10x600} batch=${3:-64} rounds=${4:-7} steps=${5:-10} threads=${6:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mvn -q -B -pl src -am -DskipTests compile \
    org.apache.maven.plugins:maven-dependency-plugin:3.9.0:build-classpath -Dmdep.outputFile="$work/classpath" >/dev/null
java -Dai.djl.pytorch.num_threads="$threads" -DOPT_OUT_TRACKING=true -cp "src/target/classes:$(cat "$work/classpath")" \
    tests/src/test/java/dev/lutra/benchmarks/SuperkernelSteps.java "$space" "$images" "$work/images" "$batch" "$rounds" "$steps" \
    2>"$work/errors" | grep '"cpu_to_uniform"' | tee "$work/rounds" || { tail -5 "$work/errors" >&2; exit 1; }
"${PYTHON:-/usr/bin/python3}" - "$work/rounds" <<'PYTHON'
import json, statistics, sys

rounds = [json.loads(line) for line in open(sys.argv[1])]
for key in ("cpu_to_uniform", "clock_to_uniform", "cpu_to_largest", "images_a_cpu_second", "images_a_second"):
    values = sorted(each[key] for each in rounds)
    print(f"{key}: median {statistics.median(values):.3f}, {values[0]:.3f} to {values[-1]:.3f} in {len(values)} rounds")
PYTHON
