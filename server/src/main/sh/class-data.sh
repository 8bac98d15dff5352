#!/bin/sh
# class-data.sh JAVA HOME: has the JVM keep the classes of short commands in the form that it starts fastest from, for the built
# Lutra in HOME. Such an archive is good for one JVM and one place: class-data.of says which, and the launcher makes it anew where
# that is another. What fails here costs start-up time and nothing else, and is not tried again before something has changed.
set -u

java=$1
home=$2
target="$home/server/target"
jar="$target/lutra-server-0.1.0.jar"
classes="$target/class-data.$$.classes"
archive="$target/class-data.$$.jsa"
trap 'rm -f "$classes" "$archive"' EXIT

rm -f "$target/class-data.of"
"$java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:off -XX:DumpLoadedClassList="$classes" -cp "$jar" \
    dev.lutra.server.cli.Rehearsal "$home/lut/note10-ofa.json" >/dev/null 2>&1
if "$java" -XX:+UseSerialGC -Xshare:dump -XX:SharedClassListFile="$classes" -XX:SharedArchiveFile="$archive" -cp "$jar" \
        >/dev/null 2>&1; then
    mv -f "$archive" "$target/class-data.jsa"
else
    rm -f "$target/class-data.jsa"
fi
printf '%s\n%s\n' "$java" "$home" >"$target/class-data.of"
exit 0
