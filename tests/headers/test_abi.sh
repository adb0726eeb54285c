#!/usr/bin/env bash
# Can a program that was built before this change run with the library after it? What libduet.so offers to programs
# (functions, and every struct and enum that they see) against what is committed in libduet.abi, by abidw and abidiff.
#
#   bash tests/headers/test_abi.sh --renew     after a change that is meant: writes libduet.abi anew, from build/
: "${DUET_SOURCE_DIR:=$(cd "$(dirname "$0")/../.." && pwd)}" "${DUET_BUILD_DIR:=$DUET_SOURCE_DIR/build}"
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
kept=$DUET_SOURCE_DIR/tests/headers/libduet.abi
library=$DUET_BUILD_DIR/libduet.so
cached() { sed -n "s/^$1:[A-Z]*=//p" "$DUET_BUILD_DIR/CMakeCache.txt"; }

# abidw of a library: what its installed headers show, and nothing of the machine that built it.
describe() { # LIBRARY HEADERS OUTPUT
    abidw --headers-dir "$2" --drop-private-types --drop-undefined-syms --no-architecture --no-elf-needed \
        --no-corpus-path --no-comp-dir-path --no-show-locs --type-id-style hash --out-file "$work/raw.abi" "$1" &&
        sed -E "s#path='[^']*/(backbone|heads)/#path='\1/#" "$work/raw.abi" >"$3"
}
describe_libduet() { # OUTPUT
    mkdir -p "$work/include/duet" && cp "$DUET_SOURCE_DIR"/{backbone,heads}/include/duet/*.h "$work/include/duet" &&
        describe "$library" "$work/include" "$1"
}

if [ "${1-}" = --renew ]; then
    describe_libduet "$work/new.abi" && cp "$work/new.abi" "$kept"
    exit
fi

# A library of one function whose struct is `fields` long, and whose secrets are `hidden`.
small_library() { # NAME FIELDS HIDDEN
    mkdir -p "$work/small/$1"
    printf 'struct shown { %s };\nstruct secret;\nint run(struct shown *s, struct secret *x);\n' "$2" >"$work/small/$1/s.h"
    printf '#include "s.h"\nstruct secret { %s };\nint run(struct shown *s, struct secret *x) { return s->a + (int)sizeof *x; }\n' \
        "$3" >"$work/small/$1/s.c"
    "$compiler" -g -fPIC -shared -Wl,-soname,libs.so -o "$work/small/$1/libs.so" "$work/small/$1/s.c" &&
        describe "$work/small/$1/libs.so" "$work/small/$1" "$work/small/$1.abi"
}
compiler=$(cached CMAKE_C_COMPILER)
changes_are_noticed() {
    small_library old "int a, b;" "int x;" && small_library secret "int a, b;" "int x, y;" &&
        small_library moved "int b, a;" "int x;" && small_library grown "int a, b, c;" "int x;" || return 1
    abidiff "$work/small/old.abi" "$work/small/secret.abi" || return 1
    ! abidiff "$work/small/old.abi" "$work/small/moved.abi" && ! abidiff "$work/small/old.abi" "$work/small/grown.abi"
}

unchanged() {
    describe_libduet "$work/new.abi" && abidiff "$kept" "$work/new.abi" && return
    echo "What programs see of libduet.so is not what tests/headers/libduet.abi holds."
    echo "If that is meant: bash tests/headers/test_abi.sh --renew, and a word in CHANGELOG.md (CONTRIBUTING.md, Versions)."
    return 1
}
says_nothing_of_the_machine() {
    ! grep -nE "path='(/|\.\.)" "$kept"
}

command -v abidw >/dev/null || skip_all "the library's interface" "no abidw: Debian's abigail-tools"
check "a changed struct is noticed, one that programs do not see is not" changes_are_noticed
if [ -n "$(cached DUET_SANITIZE)" ] || [ "$(uname -m)" != x86_64 ]; then
    skip "libduet.so is what libduet.abi says" "kept for x86-64, without sanitizers"
elif ! readelf -S "$library" | grep -q '\.debug_info'; then
    skip "libduet.so is what libduet.abi says" "built without -g"
elif [ ! -f "$kept" ]; then
    skip "libduet.so is what libduet.abi says" "no libduet.abi"
else
    check "libduet.abi says nothing of the machine it was made on" says_nothing_of_the_machine
    check "libduet.so is what libduet.abi says" unchanged
fi
finish
