#!/bin/sh
# class-data.sh JAVA HOME JAR DATA: has the JVM keep the classes of short commands in the form that it starts fastest from, for the
# Lutra in HOME whose server is JAR, as DATA.jsa. Such an archive is good for one JVM and one place: DATA.of says which, and the launcher
# makes it anew where that is another. What fails here costs start-up time and nothing else, and is not tried again before something has changed.
set -u

java=$1
home=$2
jar=$3
data=$4
classes="$data.$$.classes"
archive="$data.$$.jsa"
trap 'rm -f "$classes" "$archive"' EXIT

rm -f "$data.of"
"$java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:off -XX:DumpLoadedClassList="$classes" -cp "$jar" \
    dev.lutra.server.cli.Rehearsal "$home/lut/note10-ofa.json" >/dev/null 2>&1
if "$java" -XX:+UseSerialGC -Xshare:dump -XX:SharedClassListFile="$classes" -XX:SharedArchiveFile="$archive" -cp "$jar" \
        >/dev/null 2>&1; then
    mv -f "$archive" "$data.jsa"
else
    rm -f "$data.jsa"
fi
printf '%s\n%s\n' "$java" "$home" >"$data.of"
exit 0
