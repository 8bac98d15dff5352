#!/bin/sh
# Candidates judged a second beside bare forward passes of the same networks over the same images, in turns in one process (A B A B ...):
# medians, and the median of each round's ratio, which is what judging leaves of the passes' speed, by the clock and by processor time. One
# thread each.
#
#   tests/benchmarks/evaluation.sh [SPACE [ROUNDS [CANDIDATES [RECALIBRATE [VALIDATE]]]]]      run it on a machine that does nothing else
set -eu
cd "$(dirname "$0")/../.."
space=${1:-shufflenetv2-cifar} rounds=${2:-7} candidates=${3:-4} recalibrate=${4:-1024} validate=${5:-2500}
launcher=$(grep -E '^ *export (MALLOC_|GOMP_)' lutra)
[ "$(echo "$launcher" | wc -l)" = 2 ] || { echo "evaluation.sh: the launcher's settings are not where they were: $launcher" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mvn -q -B -pl src -am -DskipTests compile \
    org.apache.maven.plugins:maven-dependency-plugin:3.9.0:build-classpath -Dmdep.outputFile="$work/classpath" >/dev/null
eval "$launcher"
java -XX:+UseSerialGC -Dai.djl.pytorch.num_threads=1 -DOPT_OUT_TRACKING=true -cp "src/target/classes:$(cat "$work/classpath")" \
    tests/src/test/java/dev/lutra/benchmarks/EvaluationThroughput.java "$space" "$rounds" "$candidates" "$recalibrate" "$validate" \
    "$work/images" 2>"$work/errors" | grep '"ratio"' | tee "$work/rounds" || { tail -5 "$work/errors" >&2; exit 1; }
"${PYTHON:-/usr/bin/python3}" - "$work/rounds" <<'PYTHON'
import json, statistics, sys

rounds = [json.loads(line) for line in open(sys.argv[1])]
for key in ("judged_per_second", "bare_per_second", "ratio", "ratio_of_cpu_time"):
    values = sorted(each[key] for each in rounds)
    print(f"{key}: median {statistics.median(values):.3f}, {values[0]:.3f} to {values[-1]:.3f} in {len(values)} rounds")
PYTHON
