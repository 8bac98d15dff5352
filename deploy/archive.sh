#!/bin/sh
# deploy/archive.sh: writes target/lutra-0.1.0.tar.gz, which runs with Java alone: server, agent, launcher, recipes, tables and pages, what it
# consists of as CycloneDX (sbom/), and the licences of all that (licences/). Builds first where that is needed, with the browser's runtime
# where npm is. The same sources give the same bytes.
set -eu
exec 3>&1 1>&2 # the archive's name alone is the answer, not what Maven says meanwhile

home=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
version=0.1.0
name=lutra-$version
time=$(sed -n 's/.*<project.build.outputTimestamp>\(.*\)<.*/\1/p' "$home/pom.xml")
work=$home/target/release
root=$work/$name
rm -rf "$work"
mkdir -p "$root/lib" "$root/sbom" "$root/deploy" "$root/agent"

"$home/lutra" serve --help >/dev/null # builds it, with the page for browsers
# What it consists of, of what is built; the test of licences says what is not described.
(cd "$home" && mvn -B -q -DskipTests -Dformatter.skip -pl server,agent -am compile org.cyclonedx:cyclonedx-maven-plugin:makeBom)

for module in server agent; do
    cp "$home/$module/target/lutra-$module-$version.jar" "$root/"
    cp "$home/$module/target/sbom.json" "$root/sbom/$module.cdx.json"
    for library in "$home/$module/target/lib"/*.jar; do
        there=$root/lib/$(basename "$library")
        if [ -f "$there" ] && ! cmp -s "$library" "$there"; then
            echo "$library: server and agent have different ones of one name" >&2
            exit 1
        fi
        cp "$library" "$there"
    done
done
cp "$home/server/src/main/sh/class-data.sh" "$home/lutra" "$root/"
cp -R "$home/recipes" "$home/lut" "$home/docs" "$root/"
cp -R "$home/agent/runtimes" "$root/agent/"
cp "$home/README.md" "$home/CHANGELOG.md" "$home/CITATION.cff" "$home/CONTRIBUTING.md" "$root/"
cp "$home"/deploy/*.service "$home"/deploy/*.Dockerfile "$root/deploy/"
java -cp "$root/lib/*" "$home/deploy/Licences.java" "$root"

# to a name of its own, then moved
tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rw,go+r,go-w --mtime="$time" -C "$work" -cf - "$name" | gzip -n -1 >"$work/$name.tar.gz"
mv "$work/$name.tar.gz" "$home/target/$name.tar.gz"
rm -rf "$work"
echo "$home/target/$name.tar.gz" >&3
