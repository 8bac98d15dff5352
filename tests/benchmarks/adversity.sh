#!/bin/sh
# What a competing load does to a table: one experiment profiled quietly, then with a load that comes and goes
# (dev.lutra.benchmarks.CompetingLoad), then the difference.
#
#   tests/benchmarks/adversity.sh EXPERIMENT FOLDER [THREADS [SECONDS_ON [SECONDS_OFF]]]
#
# The experiment's target is the local device. FOLDER gets quiet/ and loaded/, each a run folder with its table and agent.log.
set -eu
cd "$(dirname "$0")/../.."
[ $# -ge 2 ] || { echo "adversity.sh: EXPERIMENT and FOLDER missing" >&2; exit 2; }
experiment=$1 folder=$2 threads=${3:-2} on=${4:-8} off=${5:-12}
[ -d server/target/lib ] || ./lutra --version >/dev/null
mkdir -p "$folder"

./lutra profile "$experiment" --out "$folder/quiet"
java -XX:+UseSerialGC tests/src/test/java/dev/lutra/benchmarks/CompetingLoad.java "$threads" "$on" "$off" 1 >"$folder/load.log" &
load=$!
trap 'kill $load 2>/dev/null || true' EXIT
./lutra profile "$experiment" --out "$folder/loaded"
kill $load
grep -h "batch of" "$folder/quiet/agent.log" "$folder/loaded/agent.log" || true
./lutra lut diff "$folder"/quiet/lut/*.json "$folder"/loaded/lut/*.json
