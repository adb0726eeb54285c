#!/usr/bin/env bash
# test.sh: set up, run the whole suite, then its unit and kernel tests once more under AddressSanitizer and
# UndefinedBehaviorSanitizer, and end with the line "N passed, N failed, N skipped".
# Usage: ./test.sh [--quick]   (--quick: not under the sanitizers)
set -uo pipefail
cd "$(dirname "$0")"

quick=false
case ${1:-} in
'') ;;
--quick) quick=true ;;
*) echo "test.sh: unknown option '$1'; known: --quick" >&2; exit 2 ;;
esac

broken() { # WHAT: could not even run
    echo "not ok - $1"
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
}

run() { # BUILD-FOLDER CTEST-OPTION...
    local folder=$1
    shift
    rm -rf "$folder/tests/tap"
    ctest --test-dir "$folder" --output-on-failure -j "$(nproc)" "$@"
}

./setup.sh --tests || broken "setup.sh"
run build
rm -rf build/sanitized/tests/tap # of an earlier run
if ! $quick; then
    echo "== once more under the sanitizers" >&2
    cmake -S . -B build/sanitized -G Ninja -DDUET_TESTS=ON -DDUET_SANITIZE=address,undefined >build/sanitized.log 2>&1 &&
        cmake --build build/sanitized >>build/sanitized.log 2>&1 || { tail -n 40 build/sanitized.log; broken "building for the sanitizers"; }
    run build/sanitized -R '^(unit|kernels)/'
fi

# cmocka says "not ok N # SKIP" of a skipped test.
shopt -s nullglob # with --quick, the second folder is not there
cat /dev/null build/tests/tap/*.tap build/sanitized/tests/tap/*.tap | awk '
    /^(ok|not ok) .*# SKIP/ { skipped++; next }
    /^ok/ { passed++ }
    /^not ok/ { failed++ }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 || passed == 0 }'
