#!/bin/sh
# The page of a run with very many candidates in Chromium: the time from opening it to the first plot, and the time of a frame while limits
# are brushed over the plot. Needs chromium and chromedriver.
#
#   tests/benchmarks/explorer.sh [CANDIDATES [TURNS]]
set -eu
cd "$(dirname "$0")/../.."
[ -d server/target/lib ] || ./lutra --version >/dev/null
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
path=${LUTRA_CLASSES:-server/target/lutra-server-0.1.0.jar:server/target/lib/*}
javac -nowarn -d "$folder/classes" -cp "$path" tests/src/test/java/dev/lutra/benchmarks/ManyCandidates.java
CLASSPATH="$folder/classes:$path" python3 tests/benchmarks/explorer.py "$folder" "${1:-100000}" "${2:-5}"
