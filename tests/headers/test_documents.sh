#!/usr/bin/env bash
# What README.md, CONTRIBUTING.md, CHANGELOG.md and SECURITY.md say of the tree is so: links and paths lead somewhere,
# the map has every room, and the table of what goes where names symbols that are there.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
cd "$DUET_SOURCE_DIR" || exit 1
documents=(README.md CONTRIBUTING.md CHANGELOG.md SECURITY.md backbone/weights/FORMAT.md)

links() { # DOCUMENT
    local target
    grep -oE '\]\([^)]+\)' "$1" | sed -E 's/^\]\(//; s/\)$//' >"$work/links"
    while read -r target; do
        [ -z "${target%%#*}" ] || [ -e "${target%%#*}" ] || { echo "no $target"; return 1; }
        case $target in
        *#*) # as titles become anchors: small letters, '-' for spaces
            grep '^#' "${target%%#*}" 2>/dev/null | cat - <(grep '^#' "$1") | tr 'A-Z ' 'a-z-' | tr -d '`,.' |
                grep -qE "^#+-${target#*#}\$" || { echo "no title ${target#*#}"; return 1; } ;;
        esac
    done <"$work/links"
}

# Words in backquotes that begin with a folder of ours; not those that stand for many (NAME, *).
paths() { # DOCUMENT
    local path
    grep -oE '`(apps|backbone|data|eval|heads|tests|cmake)/[^` ]*`' "$1" | tr -d '`' | grep -vE '[A-Z]{4}|\*' >"$work/paths"
    while read -r path; do
        [ -e "$path" ] || { echo "no $path"; return 1; }
    done <"$work/paths"
}

every_room() {
    local room missing=0
    for room in $(find apps backbone data eval heads -name '*.c' -printf '%h/\n' | sort -u); do
        case $room in
        apps/cli/ | apps/live/ | apps/batch/) ;;
        apps/* | backbone/ | eval/) continue ;; # a program; the paper's table; what both scores share
        esac
        grep -qF "\`$room\`" CONTRIBUTING.md || { echo "$room is not on the map"; missing=1; }
    done
    return $missing
}

# Rows of "To add": `FILE`: `SYMBOL`.
symbols() {
    local file symbol
    sed -n '/^## To add/,/^## Versions/p' CONTRIBUTING.md | tr '\n' ' ' | grep -oE '`[^` ]+`: *`[^`]+`' |
        sed -E 's/^`([^`]+)`: *`([^`]+)`/\1 \2/' >"$work/symbols"
    [ "$(wc -l <"$work/symbols")" -ge 10 ] || return 1
    while read -r file symbol; do
        grep -qF -- "$symbol" "$file" || { echo "no '$symbol' in $file"; return 1; }
    done <"$work/symbols"
}

for document in "${documents[@]}"; do
    check "$document: links lead somewhere" links "$document"
    check "$document: paths lead somewhere" paths "$document"
done
check "the map has every room" every_room
check "what goes where is there" symbols
check "README.md has less than 200 lines" test "$(wc -l <README.md)" -lt 200
finish
