#!/bin/sh
# Installs the profiling agent of a Lutra server, or brings the one that is here to the server's version. Everything comes from that server
# and is held against its SHA-256. It needs Java 17 or newer, curl and sha256sum. Run by root, it makes a user lutra-agent and a service of
# the system; run by anybody else, a service of that user. Where there is no systemd, it says how to start the agent.
#
#   --device NAME   the name experiments use for this device (default: host name)
#   --dir DIR       where to install (default: /opt/lutra-agent for root, else ~/.local/share/lutra-agent); given by root, too, it makes no user
#   --no-service    install and join, and make no service
#   --remove        end the service and remove what was installed; the device's key stays with its state
#
# LUTRA_TOKEN holds what 'lutra token create' printed; it is needed once.
set -eu

server=@SERVER@
pages=@PAGES@
pin=@PIN@
account=lutra-agent
home=/var/lib/lutra-agent

fail() {
    echo "lutra: $*" >&2
    exit 1
}

wrong() {
    echo "lutra: $*" >&2
    exit 2
}

# Into a file, from the server and nobody else.
fetch() {
    curl -fsS ${pin:+-k --pinnedpubkey "$pin"} -o "$2" "$pages$1" || fail "$pages$1: cannot be fetched"
}

is() {
    [ -f "$2" ] && echo "$1  $2" | sha256sum -c --status 2>/dev/null
}

quoted() {
    printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"
}

read_options() {
    device=$(uname -n)
    dir=
    service=yes
    remove=
    while [ $# -gt 0 ]; do
        case "$1" in
            --device | --dir)
                [ $# -gt 1 ] || wrong "$1: alone (expected: $1 and a value)"
                if [ "$1" = --dir ]; then dir=$2; else device=$2; fi
                shift
                ;;
            --no-service) service= ;;
            --remove) remove=yes ;;
            *) wrong "$1 (expected: --device NAME, --dir DIR, --no-service or --remove)" ;;
        esac
        shift
    done
    case "$dir" in '' | /*) ;; *) dir=$(pwd)/$dir ;; esac
    root=
    if [ "$(id -u)" = 0 ] && [ -z "$dir" ]; then
        root=yes
        dir=/opt/lutra-agent
        unit=/etc/systemd/system/lutra-agent.service
        target=multi-user.target
    else
        dir=${dir:-$HOME/.local/share/lutra-agent}
        unit=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user/lutra-agent.service
        target=default.target
    fi
}

find_java() {
    if [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/java" ]; then
        java=$JAVA_HOME/bin/java
    else
        java=$(command -v java) || wrong "no java on the PATH (expected: Java 17 or newer, such as Debian's openjdk-17-jre-headless, or JAVA_HOME)"
    fi
    properties=$("$java" -XshowSettings:properties -version 2>&1) || fail "$java does not run"
    version=$(printf '%s\n' "$properties" | sed -n 's/^ *java\.specification\.version = //p')
    case "$version" in
        1.* | ?) wrong "$java is Java $version (expected: 17 or newer)" ;;
        1[0-6]) wrong "$java is Java $version (expected: 17 or newer)" ;;
    esac
    # Java's word for it: a 64-bit kernel may have 32-bit programs.
    machine=$(printf '%s\n' "$properties" | sed -n 's/^ *os\.arch = //p')
    case "$(uname -s) $machine" in
        'Linux amd64') platform=linux-x64 ;;
        'Linux aarch64') platform=linux-aarch64 ;;
        *) wrong "$(uname -s) on $machine: there is no ONNX Runtime for it (expected: Linux with a Java for amd64 or aarch64)" ;;
    esac
}

# Whole, under its name, or not at all.
install_files() {
    mkdir -p "$dir"
    new=$dir/new
    rm -rf "$new"
    mkdir "$new" "$new/lib"
    fetch "/install/$platform" "$new/files"
    echo "lutra: fetching $(wc -l <"$new/files") files from $pages" >&2
    while read -r hash name; do
        case "$name" in
            lib/*/* | *..* | /*) fail "$name: no name of a file of the agent" ;;
            lib/*.jar | lutra-agent-*.jar) ;;
            *) fail "$name: no name of a file of the agent" ;;
        esac
        if is "$hash" "$dir/current/$name"; then
            cp "$dir/current/$name" "$new/$name"
        else
            fetch "/install/files/$hash" "$new/$name"
            is "$hash" "$new/$name" || fail "$name: not what $pages lists (expected: SHA-256 $hash)"
        fi
    done <"$new/files"
    jar=$(basename "$new"/lutra-agent-*.jar)
    version=$(sha256sum "$new/files" | cut -c 1-12)
    old=$(readlink "$dir/current" 2>/dev/null) || old=
    if [ "$old" = "$version" ]; then
        rm -rf "$new"
    else
        rm -rf "${dir:?}/$version"
        mv "$new" "$dir/$version"
        ln -s "$version" "$dir/current.new"
        mv -T "$dir/current.new" "$dir/current"
        [ -z "$old" ] || rm -rf "${dir:?}/$old"
    fi
    cat >"$dir/lutra-agent.new" <<WRAPPER
#!/bin/sh
# The agent of device $device. Options that are given come after these.
[ -n "\${XDG_STATE_HOME:-}" ] || [ -z "\${HOME:-}" ] || export XDG_STATE_HOME="\$HOME/.local/state"
exec $(quoted "$java") -XX:+UseSerialGC -Xshare:auto \${LUTRA_JAVA_OPTS:-} -jar $(quoted "$dir/current/$jar") \\
    --server $(quoted "$server") --device $(quoted "$device") "\$@"
WRAPPER
    chmod 755 "$dir/lutra-agent.new"
    mv "$dir/lutra-agent.new" "$dir/lutra-agent"
}

make_account() {
    id "$account" >/dev/null 2>&1 || useradd --system --home-dir "$home" --create-home --shell /usr/sbin/nologin "$account"
    for group in video render; do # whose members may use a GPU
        if getent group "$group" >/dev/null; then usermod -aG "$group" "$account"; fi
    done
}

# The key that the device makes for itself is known to the server from then on, and the token is worth nothing more.
join() {
    if [ -n "$root" ]; then
        # as the service will run it, whatever root's own environment says
        (cd / && unset XDG_STATE_HOME XDG_CONFIG_HOME && HOME=$home runuser -u "$account" -- "$dir/lutra-agent" --join-only)
    else
        "$dir/lutra-agent" --join-only
    fi
}

write_unit() {
    mkdir -p "$(dirname "$unit")"
    cat >"$unit.new" <<UNIT
[Unit]
Description=Lutra profiling agent
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart="$dir/lutra-agent"
Restart=on-failure
RestartSec=15
TimeoutStopSec=30
${root:+User=$account}

[Install]
WantedBy=$target
UNIT
    mv "$unit.new" "$unit"
}

control() {
    if [ -n "$root" ]; then systemctl "$@"; else systemctl --user "$@"; fi
}

has_systemd() {
    command -v systemctl >/dev/null && [ -d /run/systemd/system ] && control show-environment >/dev/null 2>&1
}

start_service() {
    write_unit
    if ! has_systemd; then
        echo "lutra: no systemd runs here for this user, so nothing starts it; the unit is $unit" >&2
        echo "lutra: start the agent by: $dir/lutra-agent" >&2
        return
    fi
    control daemon-reload
    control enable lutra-agent.service
    control restart lutra-agent.service
    if [ -z "$root" ] && ! loginctl enable-linger 2>/dev/null; then
        echo "lutra: it runs while you are logged in; for longer: sudo loginctl enable-linger $(id -un)" >&2
    fi
    echo "lutra: the agent runs as a service" >&2
}

remove_all() {
    if [ -f "$unit" ]; then
        if has_systemd; then control disable --now lutra-agent.service; fi
        rm -f "$unit"
    fi
    old=$(readlink "$dir/current") || wrong "$dir: no agent is installed there"
    rm -rf "${dir:?}/$old" "${dir:?}/current" "${dir:?}/lutra-agent"
    rmdir "$dir" 2>/dev/null || true
    echo "lutra: removed from $dir" >&2
}

# Called at the end, so that half of this script does nothing.
main() {
    read_options "$@"
    if [ -n "$remove" ]; then
        remove_all
        return
    fi
    for needed in curl sha256sum; do
        command -v "$needed" >/dev/null || wrong "no $needed on the PATH"
    done
    find_java
    install_files
    if [ -n "$root" ]; then make_account; fi
    join || fail "the files are in $dir, but $device has not joined $server"
    if [ -n "$service" ]; then start_service; else echo "lutra: start the agent by: $dir/lutra-agent" >&2; fi
}

main "$@"
