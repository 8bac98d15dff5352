#!/bin/sh
# Records what slices and sentinels say on this machine, once as it is and once beside a job of somebody else that comes and goes
# (dev.lutra.benchmarks.SliceRecorder and CompetingLoad): test data for the estimator, agent/src/test/resources/…/rounds.
#
#   tests/benchmarks/record_slices.sh FOLDER [SHARE]
#
# FOLDER gets calm.tsv and busy.tsv; each takes 200 s, times SHARE in percent.
set -eu
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || { echo "record_slices.sh: FOLDER missing" >&2; exit 2; }
folder=$1 share=${2:-100}
classpath=${LUTRA_CLASSPATH:-"server/target/classes:src/target/classes:agent/target/classes:server/target/lib/*:agent/target/lib/*"}
mkdir -p "$folder"

seconds() { echo $(($1 * share / 100)); }

record() {  # file
    lone="1:$(seconds 14):14"
    java -cp "$classpath" tests/src/test/java/dev/lutra/benchmarks/SliceRecorder.java "$1" "$lone" "$lone" "$lone" "$lone" \
        "4:$(seconds 24):1000" "15:$(seconds 30):1000" "64:$(seconds 90):1000"
}

record "$folder/calm.tsv"
java tests/src/test/java/dev/lutra/benchmarks/CompetingLoad.java 1 1.5 1.5 1 >"$folder/load" &
load=$!
trap 'kill "$load"' EXIT
record "$folder/busy.tsv"
