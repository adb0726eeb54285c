#!/usr/bin/env bash
# Is every public function of the library called by unit/test_contracts.c?
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
cd "$DUET_SOURCE_DIR" || exit 1

functions=$(cat backbone/include/duet/*.h heads/include/duet/*.h | tr '\n' ' ' | grep -oE '\bDUET_API [^;(]*\(' |
    grep -oE 'duet_[a-z0-9_]+\(' | tr -d '(' | sort -u)
missing=
for f in $functions; do
    grep -qE "\b$f\(" tests/unit/heads/test_contracts.c || missing+=" $f"
done
count=$(wc -w <<<"$functions")
check "all $count public functions are called with nonsense:${missing:- none is missing}" \
    test "$count" -gt 90 -a -z "$missing"
finish
