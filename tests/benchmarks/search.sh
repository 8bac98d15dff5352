#!/bin/sh
# Every search algorithm on tables whose fronts are known: share of the true hypervolume after so many evaluations, median and worst of
# some seeds, as a table (Markdown) and a plot; and how well the surrogate of `lutra` orders networks that it has not seen.
#
#   tests/benchmarks/search.sh TABLES FOLDER [SEEDS [PROBLEM|ALGORITHM...]]
#
# TABLES holds channel_bench_macro_resnet.csv, fbnet_5000.csv and mbconv_300.csv. FOLDER gets the problems that are made of them, a
# line of results for each search (results.csv: what is there is not done again), search.md and search.svg. Of problems and of
# algorithms all are taken where none is named; `nao`, which trains networks, only on the first problem and with five seeds.
set -eu
cd "$(dirname "$0")/../.."
[ $# -ge 2 ] || { echo "search.sh: TABLES and FOLDER missing" >&2; exit 2; }
[ -d server/target/lib ] || ./lutra --version >/dev/null
exec java -XX:+UseSerialGC -cp "server/target/classes:src/target/classes:proto/target/classes:server/target/lib/*" \
    tests/src/test/java/dev/lutra/benchmarks/SearchBenchmark.java "$@"
