#!/usr/bin/env bash
# Every header that another folder may include compiles by itself, first and twice, without a warning: as C11, and
# those that are installed with every compiler there is, as C++11, too. So do the initialisers of their structs.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh" || exit 1
warnings=(-Wall -Wextra -Wpedantic -Wundef -Werror)
folders=(backbone heads data eval)
includes=()
for folder in "${folders[@]}"; do includes+=(-I "$DUET_SOURCE_DIR/$folder/include"); done

compilers=()
for compiler in gcc clang g++ clang++; do
    ! command -v "$compiler" >/dev/null || compilers+=("$compiler")
done

compiles() { # HEADER
    local compiler kind good=0
    for compiler in "${compilers[@]}"; do
        case $compiler:$1 in
        *++:duet/*) kind=(-std=c++11 -x c++) ;;
        *:duet/* | "${compilers[0]}":*) kind=(-std=c11 -x c) ;;
        *) continue ;;
        esac
        printf '#include "%s"\n#include "%s"\nint main(void) { return 0; }\n' "$1" "$1" |
            "$compiler" "${kind[@]}" "${warnings[@]}" -D_GNU_SOURCE "${includes[@]}" -fsyntax-only - || good=1
    done
    return $good
}

# DUET_DETECTOR_OPTIONS and its like initialise a struct duet_detector_options, all of it, whose first member becomes
# its size: in either language.
write_initialisers() {
    local macro type
    cat "$DUET_SOURCE_DIR"/{backbone,heads}/include/duet/*.h |
        grep -oE '^#define DUET_[A-Z_]+ +\\$|struct duet_[a-z_]+ \{' >"$work/words"
    (cd "$DUET_SOURCE_DIR" && find {backbone,heads}/include/duet -name '*.h' -printf '#include "duet/%f"\n' | sort)
    echo 'int main(void) {'
    for macro in $(sed -n 's/^#define \(DUET_[A-Z_]*\) .*/\1/p' "$work/words"); do
        type=${macro,,}
        grep -qx "struct $type {" "$work/words" || continue # a list of numbers
        echo "    { struct $type it = $macro; if (it.struct_size != sizeof it) return 1; }"
    done
    echo '    return 0; }'
}
initialises() {
    local compiler kind
    write_initialisers >"$work/initialisers.c"
    grep -q DUET_DETECTOR_OPTIONS "$work/initialisers.c" && [ "$(grep -c struct_size "$work/initialisers.c")" -ge 8 ] || return 1
    for compiler in "${compilers[@]}"; do
        case $compiler in *++) kind=(-std=c++11 -x c++) ;; *) kind=(-std=c11 -x c) ;; esac
        "$compiler" "${kind[@]}" "${warnings[@]}" "${includes[@]}" -o "$work/initialisers" "$work/initialisers.c" &&
            "$work/initialisers" || { echo "$compiler"; return 1; }
    done
}

check "the initialisers of structs are whole, in C and C++" initialises
for folder in "${folders[@]}"; do
    while read -r header; do
        check "$header compiles alone" compiles "$header"
    done < <(cd "$DUET_SOURCE_DIR/$folder/include" && find . -name '*.h' -printf '%P\n' | sort)
done
finish
