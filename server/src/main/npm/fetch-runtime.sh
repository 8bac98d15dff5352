#!/bin/sh
# fetch-runtime.sh WORK OUT VERSION WANTED: puts what the page /agent needs of onnxruntime-web into OUT, working in WORK, and notes
# there that it is part of Lutra VERSION; does nothing where WANTED is "no".
# A build without npm or without a network goes on: the page then says that it has no runtime.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$1
out=$2
lutra=$3

if [ "$4" = no ]; then
    exit 0
fi

lock=$(cksum < "$here/package-lock.json")
if [ -f "$out/runtime.json" ] && [ "$(cat "$work/lock" 2>/dev/null)" = "$lock" ]; then
    exit 0
fi
if ! command -v npm >/dev/null; then
    echo "npm is not on the PATH: the page /agent is built without its runtime, browsers cannot be agents of this build"
    exit 0
fi
mkdir -p "$work"
cp "$here/package.json" "$here/package-lock.json" "$work"
# no package's own scripts are needed, and none are run
if ! (cd "$work" && npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error) >"$work/npm.log" 2>&1; then
    cat "$work/npm.log"
    echo "npm could not fetch onnxruntime-web: browsers cannot be agents of this build"
    exit 0
fi

dist="$work/node_modules/onnxruntime-web/dist"
version=$(sed -n 's/^ *"version": "\(.*\)",\{0,1\}$/\1/p' "$work/node_modules/onnxruntime-web/package.json")
rm -rf "$out"
mkdir -p "$out/$version"
# one bundle for each provider, and the WebAssembly that it loads by name
for file in ort.webgpu.min.mjs ort-wasm-simd-threaded.asyncify.mjs ort-wasm-simd-threaded.asyncify.wasm \
        ort.wasm.min.mjs ort-wasm-simd-threaded.mjs ort-wasm-simd-threaded.wasm; do
    gzip -9 -n -c "$dist/$file" >"$out/$version/$file.gz"
done
rm -rf "$work/node_modules" # 150 MB; npm's own cache has it
printf '{"version":"%s","lutra":"%s"}\n' "$version" "$lutra" >"$out/runtime.json"
echo "$lock" >"$work/lock"
