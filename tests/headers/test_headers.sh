#!/usr/bin/env bash
# Every public header compiles by itself, first and twice, as C11 and as C++11, without a warning.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh" || exit 1
warnings=(-Wall -Wextra -Wpedantic -Wundef -Werror)
folders=(backbone heads data eval)
includes=()
for folder in "${folders[@]}"; do includes+=(-I "$DUET_SOURCE_DIR/$folder/include"); done

compilers=()
for compiler in gcc clang g++ clang++; do
    ! command -v "$compiler" >/dev/null || compilers+=("$compiler")
done

compiles() { # HEADER, with every compiler there is
    local compiler kind good=0
    for compiler in "${compilers[@]}"; do
        case $compiler in *++) kind=(-std=c++11 -x c++) ;; *) kind=(-std=c11 -x c) ;; esac
        printf '#include "%s"\n#include "%s"\nint main(void) { return 0; }\n' "$1" "$1" |
            "$compiler" "${kind[@]}" "${warnings[@]}" "${includes[@]}" -fsyntax-only - || good=1
    done
    return $good
}

for folder in "${folders[@]}"; do
    for path in "$DUET_SOURCE_DIR/$folder"/include/duet/*.h; do
        check "duet/${path##*/} compiles alone: ${compilers[*]}" compiles "duet/${path##*/}"
    done
done
finish
