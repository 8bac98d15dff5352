#!/bin/sh
# A folder of many image files: seconds from the process's start to the first training step, with nothing decoded before and with all of it;
# bytes that are kept; images/s that the loader prepares by itself beside those that the training takes, and the share of the training's
# time that it waits for images.
#
#   tests/benchmarks/folder.sh [COUNT [SPACE [SIZE [BATCH [STEPS [THREADS]]]]]]      run it on a machine that does nothing else
#
# The files are drawn (320x240 JPEG, with noise) into a temporary folder, which takes about 14 KB each there; what is kept comes to three bytes
# a pixel. "Cold" is without the cache file; the files themselves are in the system's memory as far as they fit, since they were just written.
set -eu
cd "$(dirname "$0")/../.."
count=${1:-100000} space=${2:-spos-shufflenetv2} size=${3:-96} batch=${4:-64} steps=${5:-40} threads=${6:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
eval "$(grep -oE 'export (MALLOC_|GLIBC_|GOMP_).*' lutra)"
mvn -q -B -o -pl src -am -DskipTests compile \
    org.apache.maven.plugins:maven-dependency-plugin:3.9.0:build-classpath -Dmdep.outputFile="$work/classpath" >/dev/null

cp -r src/target/classes "$work/main" # whatever is built meanwhile
classpath="$work/main:$(cat "$work/classpath")"
javac -nowarn -d "$work/classes" -cp "$classpath" tests/src/test/java/dev/lutra/benchmarks/FolderOfImages.java

folder() {
    java -XX:+UseSerialGC -Dai.djl.pytorch.num_threads="$threads" -DOPT_OUT_TRACKING=true -cp "$work/classes:$classpath" \
        dev.lutra.benchmarks.FolderOfImages "$@" 2>"$work/errors" || { tail -5 "$work/errors" >&2; exit 1; }
}

folder draw "$work/images" "$count"
echo "files: $(find "$work/images" -type f | wc -l), $(du -sb "$work/images" | cut -f1) bytes"
for state in cold warm; do
    printf '%s: ' "$state"
    folder train "$work/images" "$work/cache" "$space" "$size" "$batch" "$steps" | grep '"images"'
done
