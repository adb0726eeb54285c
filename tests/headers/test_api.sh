#!/usr/bin/env bash
# The installed library, as a program outside the tree meets it: cmake --install, pkg-config, and the example
# that stands in duet.h, cut out of it.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh" || exit 1

cached() { sed -n "s/^$1:[A-Z]*=//p" "$DUET_BUILD_DIR/CMakeCache.txt"; }
prefix=$work/prefix
libdir=$prefix/$(cached CMAKE_INSTALL_LIBDIR)
model=$DUET_BUILD_DIR/models/ssdlite-coco.safetensors
sanitize=$(cached DUET_SANITIZE)
export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir

# A sanitized library can only be linked by the compiler whose runtime it has.
compilers=(gcc clang g++ clang++) flags=()
[ -z "$sanitize" ] || { compilers=("$(cached CMAKE_C_COMPILER)"); flags=("-fsanitize=$sanitize"); }

# --- what is installed -------------------------------------------------------------------------------------

same() { diff -u "$1" "$2" && [ -s "$1" ]; }

right_headers() {
    (cd "$DUET_SOURCE_DIR" && ls backbone/include/duet heads/include/duet) | grep '\.h$' | sort >"$work/wanted"
    find "$prefix/include" -type f -printf '%f\n' | sort >"$work/got"
    same "$work/wanted" "$work/got"
}

includes_only_installed() {
    sed -n 's/^#include "\(.*\)".*/\1/p' "$prefix"/include/duet/*.h | sort -u | while read -r header; do
        [ -f "$prefix/include/$header" ] || { echo "$header is included and not installed"; exit 1; }
    done
}

speaks_of_installed_headers() {
    ! grep -nE '\b(core|kernels|network|weights)/[a-z0-9_]+\.h' "$prefix"/include/duet/*.h
}

# Everything that a header declares DUET_API is there, and nothing else can be seen from outside.
right_symbols() {
    cat "$prefix"/include/duet/*.h | tr '\n' ' ' | grep -oE 'DUET_API[^(;]*\(' | grep -oE 'duet_[a-z0-9_]+\($' |
        tr -d '(' | sort >"$work/wanted"
    nm -D --defined-only "$libdir/libduet.so" | awk '{ print $3 }' |
        if [ -n "$sanitize" ]; then grep -v '^__'; else cat; fi | sort >"$work/got"
    same "$work/wanted" "$work/got"
}

hides_internals() {
    nm "$libdir/libduet.so" | grep -q ' t duet_fail$' && ! nm -D "$libdir/libduet.so" | grep -w duet_fail
}

right_names() {
    local version abi # what a version of it may break: before 1.0 each minor one
    version=$(pkg-config --modversion duet) && abi=${version%%.*}
    [ "$abi" != 0 ] || abi=${version%.*}
    readelf -d "$libdir/libduet.so" | grep "SONAME.*\[libduet.so.$abi\]" &&
        [ "$(readlink "$libdir/libduet.so")" = "libduet.so.$abi" ] &&
        [ "$(readlink "$libdir/libduet.so.$abi")" = "libduet.so.$version" ]
}

# --- the example -------------------------------------------------------------------------------------------

cut_out_example() {
    sed -n '/^ \*     \/\/ see\.c/,/^ \*     }$/ s/^ \*  \{0,5\}//p' "$prefix/include/duet/duet.h" >"$work/see.c"
    cp "$work/see.c" "$work/see.cc"
    grep -q duet_model_close "$work/see.c"
}

build() { # COMPILER PROGRAM
    local source=$work/see.c standard=(-std=c11 -Wextra -Wpedantic)
    case $1 in *++) source=$work/see.cc standard=(-std=c++11) ;; esac
    # shellcheck disable=SC2046 # flags are words
    "$1" "${standard[@]}" -Wall -Werror "${flags[@]}" "$source" -o "$2" $(pkg-config --cflags --libs duet)
}

build_static() { # COMPILER PROGRAM
    local libs
    libs=$(pkg-config --static --libs duet | sed 's/-lduet\b/-l:libduet.a/')
    # shellcheck disable=SC2046,SC2086
    "$1" -std=c11 "${flags[@]}" "$work/see.c" -o "$2" $(pkg-config --cflags duet) $libs &&
        ! ldd "$2" | grep libduet
}

# A red octagon on a pole, and bars for its letters, before a sky.
draw_sign() {
    LC_ALL=C awk 'function abs(v) { return v < 0 ? -v : v }
        BEGIN {
            printf "P6 320 240 255\n"
            for (y = 0; y < 240; y++) for (x = 0; x < 320; x++) {
                dx = abs(x - 160); dy = abs(y - 90); r = dx > dy ? dx : dy; d = (dx + dy) / 1.414; if (d > r) r = d
                if (r < 62 && !(r > 56 && r < 60) && !(dy < 16 && dx < 44 && (x % 24 < 8 || abs(dy - 12) < 4))) s = "\310\024\036"
                else if (r < 62) s = "\370\370\370"
                else if (dx < 5 && y > 90) s = "xxx"
                else s = y < 190 ? "\246\310\346" : "ZxP"
                printf "%s", s
            }
        }' >"$work/sign.ppm"
}

sees_the_sign() { # PROGRAM: and prints what the first one printed
    "$1" "$model" "$work/sign.ppm" >"$1.out" && cat "$1.out" && grep '^stop sign 0\.' "$1.out" || return 1
    [ -f "$work/first.out" ] || cp "$1.out" "$work/first.out"
    same "$work/first.out" "$1.out"
}

# --- versions ----------------------------------------------------------------------------------------------

versions_agree() {
    cat >"$work/version.c" <<-'END'
	#include <duet/duet.h>
	#include <stdio.h>
	int main(void)
	{
	    printf("%d.%d.%d %s\n", DUET_VERSION_MAJOR, DUET_VERSION_MINOR, DUET_VERSION_PATCH, duet_version());
	}
	END
    local version
    version=$(pkg-config --modversion duet)
    # shellcheck disable=SC2046
    "${compilers[0]}" "${flags[@]}" "$work/version.c" -o "$work/version" $(pkg-config --cflags --libs duet) &&
        [ "$("$work/version")" = "$version $version" ]
}

check "the build installs" cmake --install "$DUET_BUILD_DIR" --prefix "$prefix"
check "the headers of backbone and heads are installed, no others" right_headers
check "installed headers include installed headers" includes_only_installed
check "comments of installed headers speak of installed headers" speaks_of_installed_headers
check "libduet.so exports what the headers declare, and nothing else" right_symbols
check "what is internal stays inside" hides_internals
check "the library's names carry the version" right_names
check "header, library and pkg-config agree on the version" versions_agree
check "duet.h has an example" cut_out_example
draw_sign
for compiler in "${compilers[@]}"; do
    command -v "$compiler" >/dev/null || continue
    program=$work/see-${compiler##*/}
    check "the example builds with ${compiler##*/}" build "$compiler" "$program"
    check "it explains itself without arguments (${compiler##*/})" exits 2 "$program"
    check "it reports a model that is not there (${compiler##*/})" exits 1 "$program" /nowhere "$work/sign.ppm"
    if [ -f "$model" ]; then
        check "it sees a stop sign (${compiler##*/})" sees_the_sign "$program"
    else
        skip "it sees a stop sign (${compiler##*/})" "no model ${model##*/}"
    fi
done
check "the example builds with the static library" build_static "${compilers[0]}" "$work/see-static"
if [ -f "$model" ]; then
    check "it sees the same, linked statically" sees_the_sign "$work/see-static"
else
    skip "it sees the same, linked statically" "no model ${model##*/}"
fi
finish
