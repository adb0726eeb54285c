# tap_lib.sh: sourced by script tests. check NAME COMMAND... prints one TAP line; skip_all WHY ends the test.
set -u
tap_count=0 tap_failed=0
work=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT

check() { # NAME COMMAND...: passes when the command exits 0
    local name=$1
    shift
    tap_count=$((tap_count + 1))
    if "$@" >"$work/check.log" 2>&1; then
        echo "ok $tap_count - $name"
    else
        echo "not ok $tap_count - $name"
        sed 's/^/# /' "$work/check.log"
        tap_failed=$((tap_failed + 1))
    fi
}

skip() { # NAME WHY
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

skip_all() { # NAME WHY
    skip "$1" "$2"
    finish
}

finish() {
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ]
    exit
}

# exits CODE COMMAND...: the command's exit code is CODE
exits() {
    local want=$1
    shift
    "$@"
    local got=$?
    [ "$got" -eq "$want" ] || { echo "exit code $got, expected $want: $*"; return 1; }
}

# The data that only some machines have: $shared is its folder, or empty.
shared=${DUET_SHARED:-$DUET_SOURCE_DIR/../shared}
[ -d "$shared/golden" ] || shared=
