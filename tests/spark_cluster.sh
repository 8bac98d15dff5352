#!/bin/sh
# A standalone cluster of Apache Spark on this machine, from the artifacts that Maven has: a master and workers, each a JVM of its own, all on
# the loopback interface, each worker at an address of its own there, 127.0.0.N, so that Spark takes them for several. Runs until it is told to
# end; then nothing of it is left but FOLDER.
#
#   tests/spark_cluster.sh FOLDER [WORKERS [CORES [MEMORY]]]
#
# FOLDER/master has the address, such as spark://127.0.0.1:40123, once all workers have joined; FOLDER/master.pid and FOLDER/worker-N.pid the
# numbers of the processes; FOLDER/*.log what they say. Executors log into FOLDER/work-N. To build what it takes: ./lutra --spark x
set -eu

home=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
folder=$1
workers=${2:-2}
cores=${3:-1}
memory=${4:-1g}
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
opens=$(cat "$home/spark/src/main/sh/jvm-options")

[ -d "$home/spark/target/lib" ] || { echo "spark_cluster.sh: no $home/spark/target/lib (expected: after mvn -pl spark -am package)" >&2; exit 2; }
mkdir -p "$folder/spark/jars" "$folder/tmp"
folder=$(CDPATH='' cd -- "$folder" && pwd -P)
rm -f "$folder"/master "$folder"/*.pid "$folder"/*.log
# Spark as it is published: its own libraries, those among them that Lutra has too, and none of Lutra's
for jar in "$home"/spark/target/lib/*.jar "$home"/server/target/lib/jackson-*.jar "$home"/server/target/lib/slf4j-api-*.jar \
    "$home"/server/target/lib/logback-*.jar; do
    ln -sf "$jar" "$folder/spark/jars/"
done
cat >"$folder/spark/jars/logback.xml" <<'LOG'
<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%d{HH:mm:ss.SSS} %-5level %logger{0}: %msg%n</pattern></encoder></appender>
  <root level="INFO"><appender-ref ref="out"/></root>
</configuration>
LOG
export SPARK_HOME="$folder/spark" SPARK_SCALA_VERSION=2.13 SPARK_LOCAL_IP=127.0.0.1 SPARK_LOCAL_DIRS="$folder/tmp" SPARK_DIST_CLASSPATH="$folder/spark/jars"

started=
stop() {
    trap - EXIT
    # shellcheck disable=SC2086  # several numbers in one variable
    kill $started 2>/dev/null || true
    wait || true
    rm -rf "$folder/spark/jars" # links, which a folder may be deleted through
    exit "$1"
}
trap 'stop $?' EXIT
trap 'stop 0' INT TERM HUP

# NAME CLASS ARGUMENT...
start() {
    name=$1
    shift
    # shellcheck disable=SC2086
    "$java" $opens -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m -cp "$folder/spark/jars:$folder/spark/jars/*" "$@" >"$folder/$name.log" 2>&1 &
    started="$! $started"
    echo $! >"$folder/$name.pid"
}

# NAME TEXT: waits until a log has it
await() {
    tries=0
    until grep -q "$2" "$folder/$1.log" 2>/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 1200 ] || ! kill -0 "$(cat "$folder/$1.pid")" 2>/dev/null; then
            echo "spark_cluster.sh: $1 has not started:" >&2
            tail -n 20 "$folder/$1.log" >&2
            exit 1
        fi
        sleep 0.1
    done
}

start master org.apache.spark.deploy.master.Master --host 127.0.0.1 --port 0 --webui-port 0
await master 'Starting Spark master at'
url=$(sed -n 's/.*Starting Spark master at \(spark:[^ ]*\).*/\1/p' "$folder/master.log" | head -n 1)
number=1
while [ "$number" -le "$workers" ]; do
    start "worker-$number" org.apache.spark.deploy.worker.Worker --host "127.0.0.$number" --port 0 --webui-port 0 --cores "$cores" --memory "$memory" \
        --work-dir "$folder/work-$number" "$url"
    number=$((number + 1))
done
number=1
while [ "$number" -le "$workers" ]; do
    await "worker-$number" 'Successfully registered with master'
    number=$((number + 1))
done
echo "$url" >"$folder/master.new"
mv "$folder/master.new" "$folder/master"
echo "$url"
wait
