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
exits_with() { # CODE TEXT COMMAND...: so, and TEXT is on stderr
    local code=$1 text=$2
    shift 2
    exits "$code" "$@" >"$work/stdout" 2>"$work/stderr" || { cat "$work/stderr"; return 1; }
    grep -qF -- "$text" "$work/stderr" || { cat "$work/stderr"; echo "expected: $text"; return 1; }
}
prints() { # TEXT COMMAND...: exit code 0, and TEXT is on stdout
    local text=$1
    shift
    exits 0 "$@" >"$work/stdout" 2>"$work/stderr" || { cat "$work/stderr"; return 1; }
    grep -qF -- "$text" "$work/stdout" || { cat "$work/stdout"; echo "expected: $text"; return 1; }
}
all() { # each argument is a command that must succeed
    local command
    for command in "$@"; do eval "$command" || { echo "failed: $command"; return 1; }; done
}

wait_for() { # SECONDS COMMAND...: until it succeeds; else the process $pid, if there is one, is ended
    local tries=$(($1 * 10))
    shift
    while ! "$@"; do
        [ $((tries -= 1)) -gt 0 ] || { echo "never: $*"; [ -z "${pid:-}" ] || kill -KILL "$pid"; return 1; }
        sleep 0.1
    done
}
has_lines() { [ -f "$2" ] && [ "$(wc -l <"$2")" -ge "$1" ]; } # COUNT FILE: so many, or more
picture() { # FILE [WIDTH HEIGHT]: noise, the same for the same size
    local w=${2:-40} h=${3:-30}
    { printf 'P6\n%d %d\n255\n' "$w" "$h"; yes "duet $w" | head -c $((w * h * 3)); } >"$1"
}

# What a program gave: exit code in $code, output in out and err, where the test stands.
ran() { # COMMAND...
    code=0
    "$@" >out 2>err </dev/null || code=$?
}
want() { # CODE
    [ "$code" -eq "$1" ] || { echo "exit code $code, expected $1"; head -c 2000 out; cat err; return 1; }
}
says() { # TEXT: a line of err is exactly this
    grep -qxF -- "$1" err || { echo "stderr lacks '$1':"; cat err; return 1; }
}
mentions() { # TEXT [FILE]: it, or err, has that somewhere
    grep -qF -- "$1" "${2:-err}" || { echo "${2:-stderr} lacks '$1':"; cat "${2:-err}"; return 1; }
}
shows() { # PATTERN [FILE]: it, or out, has a match
    grep -qE -- "$1" "${2:-out}" || { echo "${2:-out} lacks '$1':"; head -c 2000 "${2:-out}"; return 1; }
}
lines() { # COUNT FILE
    local got
    got=$(wc -l <"$2")
    [ "$got" -eq "$1" ] || { echo "$2 has $got lines, expected $1"; head -c 2000 "$2"; return 1; }
}
no_litter() { # [FOLDER]: no temporary file was left there
    [ -z "$(find "${1:-.}" -name '.*.tmp')" ] || { find "${1:-.}" -name '.*.tmp'; return 1; }
}

# The folder with these models: this build's or the usual one (sanitizer builds have none of their own). None: empty.
find_models() { # NAME...
    local folder name
    for folder in "${DUET_MODELS:-}" "$DUET_BUILD_DIR/models" "$DUET_SOURCE_DIR/build/models"; do
        for name in "$@"; do [ -f "$folder/$name.safetensors" ] || continue 2; done
        realpath "$folder" && return
    done
}

# The data that only some machines have: $shared is its folder, or empty.
shared=${DUET_SHARED:-$DUET_SOURCE_DIR/../shared}
[ -d "$shared/golden" ] || shared=
