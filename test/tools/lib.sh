# shellcheck shell=bash
# Shared by the scripts beside it: a throw-away copy of this tree and of
# PostgreSQL, an unprivileged user to run them as, throw-away clusters, and systems
# in folders.
#
# But for what setup installs, nothing outside $STAGE (or $SYSTEMS) is written, and
# everything under it is removed on exit, so that a run leaves the machine as it was.

# a bare environment has no PATH; apt and dpkg want the sbin directories
export PATH="${PATH:-/usr/local/bin:/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"
umask 022

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
STAGE=
SYSTEMS=
# Seconds after which what hangs is given up, so far away that no machine is that
# slow: nothing here fails by the clock.
BACKSTOP=21600
SERVER_LOG_LINES=40

# the parts of make check, and those that only who names them gets
ALL_PARTS=(lint gcc clang unit fuzz console install reference interop regress isolation tap http valgrind)
MORE_PARTS=(valgrind-regress valgrind-isolation)

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# --- what is installed --------------------------------------------------------

pg_has_server() { [ -x "/usr/lib/postgresql/$1/bin/postgres" ]; }

# asked for by a header: pgxs.mk comes with the server's package already
pg_has_headers() { [ -e "/usr/include/postgresql/$1/server/postgres.h" ]; }

# majors of which there is the server, the headers, or both; the newest first
pg_majors() {
    local dir
    for dir in /usr/lib/postgresql/*/bin /usr/include/postgresql/*/server; do
        if [ -d "$dir" ]; then basename "$(dirname "$dir")"; fi
    done | grep -xE '1[5-9]|[2-9][0-9]' | sort -rnu
}

# The PostgreSQL to use: $PG_MAJOR, else the newest that is installed whole, else
# the newest of which half is installed and apt knows the rest, else the one this
# release of the distribution ships.
pg_major() {
    local major
    if [ -n "${PG_MAJOR:-}" ]; then
        echo "$PG_MAJOR"
        return
    fi
    for major in $(pg_majors); do
        if pg_has_server "$major" && pg_has_headers "$major"; then
            echo "$major"
            return
        fi
    done
    for major in $(pg_majors); do
        if apt-cache show "postgresql-$major" >/dev/null 2>&1 &&
            apt-cache show "postgresql-server-dev-$major" >/dev/null 2>&1; then
            echo "$major"
            return
        fi
    done
    major=$(apt-cache depends postgresql 2>/dev/null |
        sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | head -n 1)
    echo "${major:-15}"
}

# The oldest Nodes that all here runs on, and where setup puts one.  Gateway, examples and
# tests are content with 20.0; what builds the console is not.
NODE_MIN='20.19, 22.12'
NODE_DIR=$ROOT/build/node

# node_new_enough 22.12.0
node_new_enough() {
    local major minor
    IFS=. read -r major minor _ <<<"$1"
    case $major in
        20) [ "$minor" -ge 19 ] ;;
        22) [ "$minor" -ge 12 ] ;;
        *) [ "$major" -ge 23 ] ;;
    esac
}

# prints the Node to use: the caller's, else the one that setup has brought
node_program() {
    local program version
    # npm 9 makes no link in .bin
    for program in "$(command -v node)" "$NODE_DIR"/node_modules/node-linux-*/bin/node; do
        version=$("$program" --version 2>/dev/null) || continue
        if node_new_enough "${version#v}"; then
            readlink -f "$program"
            return
        fi
    done
    return 1
}

# true when there is one; otherwise says in a line what is wrong
node_recent() {
    node_program >/dev/null ||
        { say "Node $NODE_MIN or newer is needed, here is $(node --version 2>/dev/null || echo none)" >&2; return 1; }
}

# npm_ci FOLDER: what its lockfile names, as the invoking user, whose configuration
# says where packages come from; npm itself runs on the Node it came with
npm_ci() {
    local home=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
    (cd "$1" && HOME=$home timeout "$BACKSTOP" npm ci --no-audit --no-fund --loglevel=error </dev/null)
}

# --- the stage ---------------------------------------------------------------

# Sets STAGE, RUN_USER, PGBIN, SRC.  Unix socket paths are limited to 107
# bytes, hence the short names.
stage_make() {
    local major
    major=$(pg_major)
    STAGE=$(mktemp -d "${TMPDIR:-/tmp}/pgt.XXXXXX")
    trap stage_cleanup EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    chmod 755 "$STAGE"
    mkdir -p "$STAGE"/{bin,home,tmp,log,src}
    SRC=$STAGE/src

    # PostgreSQL refuses to run as root
    RUN_USER=$(id -un)
    if [ "$(id -u)" = 0 ]; then
        RUN_USER=nobody
        if id -u postgres >/dev/null 2>&1; then RUN_USER=postgres; fi
    fi

    tree_copy "$SRC"

    # PostgreSQL finds its files relative to its binaries, so a copy with the
    # same shape is an installation of its own, with its own pg_config.
    local dir
    for dir in lib/postgresql share/postgresql include/postgresql; do
        mkdir -p "$STAGE/usr/$dir"
        if [ "$dir" = include/postgresql ]; then
            # libpq's headers lie beside the versions' directories
            cp -R "/usr/$dir/." "$STAGE/usr/$dir/"
        else
            cp -R "/usr/$dir/$major" "$STAGE/usr/$dir/"
        fi
    done
    PGBIN=$STAGE/usr/lib/postgresql/$major/bin
    case "$("$PGBIN/pg_config" --sharedir) $("$PGBIN/pg_config" --pkglibdir)" in
        "$STAGE"/*" $STAGE"/*) ;;
        *) die "the copy of PostgreSQL $major in $STAGE does not relocate" ;;
    esac

    stage_own
    as_user test -x "$PGBIN/postgres" ||
        die "user $RUN_USER cannot get at $STAGE; set TMPDIR to a directory that everybody may enter"
    stage_node
}

# Node for as_user, first on its PATH: a link, or a copy where it lies in a folder
# that the unprivileged user may not enter
stage_node() {
    local program
    program=$(node_program) || return 0
    ln -s "$program" "$STAGE/bin/node"
    as_user test -x "$STAGE/bin/node" || cp --remove-destination "$program" "$STAGE/bin/node"
}

# what the invoking user has put into the stage belongs to the one who runs it
stage_own() {
    if [ "$(id -un)" != "$RUN_USER" ]; then chown -R "$RUN_USER:" "$STAGE"; fi
}

# the tree as git sees it, uncommitted and new files included; without git all of it
tree_copy() {
    local to=$1
    mkdir -p "$to"
    if git -c safe.directory='*' -C "$ROOT" rev-parse --git-dir >/dev/null 2>&1; then
        # --ignore-failed-read: a file deleted but not yet committed is still listed
        git -c safe.directory='*' -C "$ROOT" ls-files -coz --exclude-standard |
            tar -C "$ROOT" --null -T - --ignore-failed-read -cf - 2>/dev/null | tar -C "$to" -xf -
    else
        tar -C "$ROOT" --exclude=.git --exclude=node_modules --exclude=./build --exclude='*.o' \
            --exclude='*.so' -cf - . | tar -C "$to" -xf -
    fi
}

# Run a command in the staged tree as the unprivileged user, with an environment
# that has nothing of the caller's but what a test is promised.
as_user() {
    (become_user "$@")
}

# The same as a job that is waited for: a shell that waits for a job answers a
# signal at once, and timeout passes it on to all its children.
as_user_job() {
    become_user timeout -k 10 "$BACKSTOP" "$@" &
    wait "$!"
}

# takes the place of the shell that calls it
become_user() {
    local -a become=()
    if [ "$(id -un)" != "$RUN_USER" ]; then
        become=(setpriv "--reuid=$RUN_USER" "--regid=$(id -gn "$RUN_USER")" --init-groups --)
    fi
    cd "${AS_USER_DIR:-$SRC}" || exit
    exec "${become[@]}" env -i HOME="$STAGE/home" USER="$RUN_USER" LOGNAME="$RUN_USER" SHELL=/bin/sh \
        PATH="$PGBIN:$STAGE/bin:/usr/local/bin:/usr/bin:/bin" \
        TMPDIR="$STAGE/tmp" LC_ALL=C.UTF-8 TZ=UTC PG_CONFIG="$PGBIN/pg_config" "$@" </dev/null
}

# Stops what was started from here, by the pid it wrote down, then removes the stage.
stage_cleanup() {
    local status=$? pidfile pid
    trap '' HUP INT TERM
    trap - EXIT
    set +e
    for pid in $(jobs -p); do
        kill -TERM "$pid" 2>/dev/null
    done
    wait
    if [ -n "$STAGE" ]; then
        while IFS= read -r -d '' pidfile; do
            as_user pg_ctl -D "$(dirname "$pidfile")" -m immediate -t 600 stop >/dev/null 2>&1
        done < <(find "$STAGE" -name postmaster.pid -print0 2>/dev/null)
        rm -rf "$STAGE"
    fi
    exit "$status"
}

# npm_packages FOLDER of the staged tree
npm_packages() {
    npm_ci "$SRC/$1" || return
    if [ "$(id -un)" != "$RUN_USER" ]; then chown -R "$RUN_USER:" "$SRC/$1"; fi
}

# --- clusters ----------------------------------------------------------------

# cluster_init NAME [SETTING=VALUE ...]: a new cluster that listens on no network
cluster_init() {
    local name=$1 dir=$STAGE/$1 setting
    shift
    as_user mkdir -p "$dir/socket"
    as_user initdb -D "$dir/data" -U postgres -A trust --no-locale -E UTF8 --no-sync \
        >"$STAGE/log/initdb-$name.log" 2>&1 || { cat "$STAGE/log/initdb-$name.log"; return 1; }
    {
        echo "listen_addresses = ''"
        echo "unix_socket_directories = '$dir/socket'"
        echo "authentication_timeout = 600" # the longest there is: a slow start is no failure
        for setting in "$@"; do echo "${setting%%=*} = '${setting#*=}'"; done
    } >>"$dir/data/postgresql.conf"
}

# cluster_start NAME: pg_ctl waits until it accepts connections
cluster_start() {
    local dir=$STAGE/$1
    as_user pg_ctl -D "$dir/data" -l "$dir/server.log" -w -t "$BACKSTOP" start >/dev/null 2>&1 ||
        { tail -n "$SERVER_LOG_LINES" "$dir/server.log"; return 1; }
}

cluster_stop() {
    as_user pg_ctl -D "$STAGE/$1/data" -m fast -w -t "$BACKSTOP" stop >/dev/null 2>&1
}

# how to reach a cluster, for env
cluster_env() {
    printf '%s\n' "PGHOST=$STAGE/$1/socket" PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
}

# stage_start NAME [SETTING=VALUE ...]: the extension built and installed, a
# cluster running; says something only when it does not work
stage_start() {
    local log=$STAGE/log/build.log
    { as_user_job make -s -j"$(nproc)" && as_user_job make -s install; } >"$log" 2>&1 ||
        { cat "$log"; die "the build failed"; }
    cluster_init "$@"
    cluster_start "$1"
}

# --- a service that runs -------------------------------------------------------

# service_start: all that make serve starts, on a throw-away server, for programs that are not
# of the tree; what serve tells of it is in the environment.  Sets SERVICE to a folder that
# goes with it.
SERVICE=
service_start() {
    "$ROOT/test/tools/setup" serve
    SERVICE=$(mktemp -d "${TMPDIR:-/tmp}/pgti.XXXXXX")
    trap service_stop EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    SERVE_ENV_FILE=$SERVICE/env "$ROOT/test/tools/serve" >"$SERVICE/serve.log" 2>&1 &
    service_pid=$!
    while [ ! -e "$SERVICE/env" ]; do
        kill -0 "$service_pid" 2>/dev/null || { cat "$SERVICE/serve.log"; die "the service did not start"; }
        sleep 0.2
    done
    set -a
    # shellcheck disable=SC1090,SC1091 # written by serve
    . <(sed "s/=\(.*\)/='\1'/" "$SERVICE/env")
    set +a
}

service_pid=
service_stop() {
    local status=$?
    trap '' HUP INT TERM
    trap - EXIT
    if [ -n "$service_pid" ]; then
        kill -TERM "$service_pid" 2>/dev/null || true
        wait "$service_pid" 2>/dev/null || true
    fi
    chmod -R u+w "$SERVICE" 2>/dev/null || true # Go's modules are read-only
    rm -rf "$SERVICE"
    exit "$status"
}

# tokens and secrets, which a library may think worth telling, are not for logs; nor is colour
without_secrets() { sed -E 's/\x1b\[[0-9;]*m//g; s/\beyJ[[:alnum:]_.-]+|\bpgt[a-z]{2}_[[:alnum:]_-]+/…/g'; }

# service_test NAME...: run_NAME for each, which prints TAP; the sum of it at the end
service_test() {
    local name ended passed=0 failed=0
    for name in "$@"; do
        say "$name"
        ended=0
        ("run_$name") </dev/null >"$SERVICE/out" 2>"$SERVICE/err" || ended=$?
        without_secrets <"$SERVICE/out" | tee "$SERVICE/shown"
        passed=$((passed + $(grep -c '^ok ' "$SERVICE/shown" || true)))
        failed=$((failed + $(grep -c '^not ok ' "$SERVICE/shown" || true)))
        if [ "$ended" != 0 ] || ! grep -q '^ok ' "$SERVICE/shown"; then
            without_secrets <"$SERVICE/err" | tail -n 40
            say "not ok - $name ended with $ended"
            failed=$((failed + 1))
        fi
    done
    say "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}

# --- systems in folders ------------------------------------------------------

# the arguments of a script that chooses, and what it has chosen
arguments=()
declare -A CHOICES=()

# known WORD...: there is no other among the arguments
known() {
    local word
    for word in "${arguments[@]}"; do
        case " $* " in
            *" $word "*) ;;
            *) die "$word is none of: $*" ;;
        esac
    done
}

# choose KIND WORD...: what the arguments name of a kind, all of it unless they name some
choose() {
    local kind=$1 word chosen=
    shift
    for word in "$@"; do
        case " ${arguments[*]} " in *" $word "*) chosen+=" $word" ;; esac
    done
    CHOICES[$kind]=${chosen:-$*}
}

# systems_make NAME DIR LEFT...: sets SYSTEMS to the folder, one that goes away where
# none is named, for the script of this name; what is LEFT in one that stays goes, too.
systems_left=()
systems_make() {
    local name=$1 dir=$2
    shift 2
    [ "$(id -u)" = 0 ] || die "this takes root, for debootstrap and chroot"
    "$ROOT/test/tools/setup" "$name"
    if [ -n "$dir" ]; then
        mkdir -p "$dir"
        SYSTEMS=$(realpath "$dir")
        exec {systems_lock}>"$SYSTEMS/lock"
        flock -n "$systems_lock" || die "another run is using $SYSTEMS"
        systems_left=("${@/#/$SYSTEMS/}")
    else
        SYSTEMS=$(mktemp -d "${TMPDIR:-/tmp}/pgt-systems.XXXXXX")
        systems_left=("$SYSTEMS")
    fi
    trap systems_cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    mkdir -p "$SYSTEMS/log" "$SYSTEMS/archives" # packages are fetched once
    hand_on
}

systems_cleanup() {
    if [ -n "$child" ]; then
        kill -KILL "$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
    fi
    rm -rf "${systems_left[@]}"
}

# Name spaces of its own for each: with them its mounts and every process that it
# leaves go away, however it ends.  A shell that waits for a job answers a signal
# at once; unshare itself hears only one.
child=
apart() {
    unshare --mount --mount-proc --pid --fork --kill-child -- "$@" </dev/null &
    child=$!
    wait "$child"
}

# inside DIR COMMAND...
inside() {
    local dir=$1
    shift
    # shellcheck disable=SC2016 # the inner shell's
    apart sh -c '
        dir=$1 archives=$2
        shift 2
        mount -t proc proc "$dir/proc" && mount --rbind /sys "$dir/sys" && mount --rbind /dev "$dir/dev" &&
            mount --bind "$archives" "$dir/var/cache/apt/archives" && exec chroot "$dir" "$@"' \
        sh "$dir" "$SYSTEMS/archives" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        HOME=/root DEBIAN_FRONTEND=noninteractive "${handed_on[@]}" "$@"
}

# what a run needs of this machine to reach the network the way it does
handed_on=()
hand_on() {
    local name
    for name in http_proxy https_proxy no_proxy npm_config_registry; do
        if [ -n "${!name:-}" ]; then handed_on+=("$name=${!name}"); fi
    done
    if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then handed_on+=(NODE_EXTRA_CA_CERTS=/etc/ssl/extra-ca.pem); fi
}

apt_inside() {
    local dir=$1
    shift
    inside "$dir" apt-get -y -q --no-install-recommends "$@"
}

# made DIR COMMAND...: beside its name and then renamed: what has the name is whole
made() {
    local dir=$1
    shift
    if [ -d "$dir" ]; then return; fi
    rm -rf "$dir.new"
    say "${0##*/}: making ${dir##*/}" >&2
    "$@" "$dir.new" >"$dir.log" 2>&1 || { tail -n 30 "$dir.log"; say "${dir##*/} could not be made"; return 1; }
    mv "$dir.new" "$dir"
}

# set -e does not hold in what "made" calls, hence the chains

# a release with make and somebody who may become root
base() {
    local release=$1 dir=$2
    apart debootstrap --variant=minbase "--cache-dir=$SYSTEMS/archives" "$release" "$dir" &&
        cp -L /etc/resolv.conf "$dir/etc/resolv.conf" &&
        echo "127.0.0.1 localhost $(uname -n)" >"$dir/etc/hosts" &&
        extra_ca "$dir" &&
        # apt would clear what the next system needs again, and nothing here has to outlive a power failure
        echo 'Binary::apt-get::APT::Keep-Downloaded-Packages "true";' >"$dir/etc/apt/apt.conf.d/90keep" &&
        # a mirror may stand still, and sid's lists then expire
        echo 'Acquire::Check-Valid-Until "false";' >"$dir/etc/apt/apt.conf.d/90valid" &&
        echo force-unsafe-io >"$dir/etc/dpkg/dpkg.cfg.d/unsafe-io" &&
        apt_inside "$dir" update &&
        apt_inside "$dir" install make sudo &&
        inside "$dir" useradd --create-home --shell /bin/bash fresh &&
        echo 'fresh ALL=(ALL) NOPASSWD: ALL' >"$dir/etc/sudoers.d/fresh"
}

extra_ca() {
    [ -n "${NODE_EXTRA_CA_CERTS:-}" ] || return 0
    mkdir -p "$1/etc/ssl" && cp -L "$NODE_EXTRA_CA_CERTS" "$1/etc/ssl/extra-ca.pem"
}
