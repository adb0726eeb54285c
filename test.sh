#!/usr/bin/env bash
# test.sh: set up, run the whole suite, and end with the line "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")"
./setup.sh --tests || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }
rm -rf build/tests/tap
ctest --test-dir build --output-on-failure -j "$(nproc)" || true
cat build/tests/tap/*.tap 2>/dev/null | awk '
    /^(ok|not ok) .*# SKIP/ { skipped++; next } # cmocka says "not ok N # SKIP"
    /^ok/ { passed++ }
    /^not ok/ { failed++ }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 || passed == 0 }'
