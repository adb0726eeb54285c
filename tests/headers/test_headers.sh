#!/usr/bin/env bash
# Every header that another folder may include compiles by itself, first and twice, without a warning: as C11, and
# those that are installed with every compiler there is, as C++11, too.
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

for folder in "${folders[@]}"; do
    while read -r header; do
        check "$header compiles alone" compiles "$header"
    done < <(cd "$DUET_SOURCE_DIR/$folder/include" && find . -name '*.h' -printf '%P\n' | sort)
done
finish
