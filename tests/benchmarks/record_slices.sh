#!/bin/sh
# Records what slices and sentinels say on this machine, as it is or beside a job of somebody else that comes and goes
# (dev.lutra.benchmarks.SliceRecorder and CompetingLoad): test data for the estimator, agent/src/test/resources/…/rounds.
#
#   tests/benchmarks/record_slices.sh FILE [SHARE [beside-load]]
#
# Takes 22 minutes, times SHARE in percent; some 1.3 MB. Lutra has to be built.
set -eu
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || { echo "record_slices.sh: FILE missing" >&2; exit 2; }
file=$1 share=${2:-100} load=${3:-}
classpath=${LUTRA_CLASSPATH:-"server/target/classes:src/target/classes:agent/target/classes:server/target/lib/*:agent/target/lib/*"}

seconds() { echo $(($1 * share / 100)); }

if [ "$load" = beside-load ]; then
    java tests/src/test/java/dev/lutra/benchmarks/CompetingLoad.java 1 1.5 1.5 1 >/dev/null &
    load=$!
    trap 'kill "$load"' EXIT
fi
lone="1:$(seconds 45)" four="4:$(seconds 60)" fifteen="15:$(seconds 120)"
java -cp "$classpath" tests/src/test/java/dev/lutra/benchmarks/SliceRecorder.java "$file.part" "$lone" "$lone" "$lone" "$lone" "$lone" \
    "$lone" "$lone" "$lone" "$four" "$four" "$four" "$four" "$fifteen" "$fifteen" "64:$(seconds 480)"
mv "$file.part" "$file"
