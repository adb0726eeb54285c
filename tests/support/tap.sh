#!/usr/bin/env bash
# tap.sh NAME COMMAND...: run one test program and keep its TAP output in build/tests/tap/NAME.tap. Names are those of
# ctest, FOLDER/NAME; in the file's name a '/' is a '-'.
# Fails when the command fails, or when it ended without printing a single result.
set -u
name=$1
shift
mkdir -p "$DUET_BUILD_DIR/tests/tap"
out=$DUET_BUILD_DIR/tests/tap/${name//\//-}.tap
CMOCKA_MESSAGE_OUTPUT=TAP "$@" >"$out"
code=$?
cat "$out"
if [ $code -ne 0 ] && ! grep '^not ok' "$out" | grep -qv '# SKIP'; then
    echo "not ok - $name ended with exit code $code" | tee -a "$out"
fi
grep -qE '^(ok|not ok)' "$out" || { echo "not ok - $name printed no result" | tee -a "$out"; code=1; }
exit $code
