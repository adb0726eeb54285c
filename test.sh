#!/usr/bin/env bash
# test.sh: set up and run the whole suite; then build it three times more, every warning an error, and run what
# each build is for; and end with the line "N passed, N failed, N skipped".
#   build/sanitized  gcc, AddressSanitizer (with leaks) and UndefinedBehaviorSanitizer: all but golden and cross
#   build/threads    clang, ThreadSanitizer: unit tests
#   build/release    gcc, -DCMAKE_BUILD_TYPE=Release: it builds
# Usage: ./test.sh [--quick]   (--quick: the first run alone)
set -uo pipefail
cd "$(dirname "$0")"

quick=false
case ${1:-} in
'') ;;
--quick) quick=true ;;
*) echo "test.sh: unknown option '$1'; known: --quick" >&2; exit 2 ;;
esac

run() { # BUILD-FOLDER CTEST-OPTION...
    local folder=$1
    shift
    ctest --test-dir "$folder" --output-on-failure -j "$(nproc)" "$@"
}

build() { # NAME CMAKE-OPTION...: into build/NAME, with the models of build/; that it builds is a result, too
    local name=$1 folder=build/$1 result=ok
    shift
    echo "== building $folder: $*" >&2
    mkdir -p "$folder/tests/tap"
    ln -sfn ../models "$folder/models"
    cmake -S . -B "$folder" -G Ninja -DDUET_TESTS=ON -DDUET_WERROR=ON "$@" >"$folder.log" 2>&1 &&
        cmake --build "$folder" >>"$folder.log" 2>&1 || { result='not ok'; tail -n 40 "$folder.log"; }
    echo "$result - build/$name builds" >"$folder/tests/tap/build.tap"
    [ "$result" = ok ]
}

rm -rf build/tests/tap build/*/tests/tap # of an earlier run
./setup.sh --tests || { echo "not ok - setup.sh"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
run build
if ! $quick; then
    # -O1: compiled in half the time of -O2
    build sanitized -DDUET_SANITIZE=address,undefined -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG='-O1 -g1' &&
        run build/sanitized -R '^(unit|cli|fuzz)/'
    build threads -DCMAKE_C_COMPILER=clang -DDUET_SANITIZE=thread && run build/threads -R '^unit/'
    build release -DCMAKE_BUILD_TYPE=Release
fi

# cmocka says "not ok N # SKIP" of a skipped test.
shopt -s nullglob # with --quick, some folders are not there
cat /dev/null build/tests/tap/*.tap build/*/tests/tap/*.tap | awk '
    /^(ok|not ok) .*# SKIP/ { skipped++; next }
    /^ok/ { passed++ }
    /^not ok/ { failed++ }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 || passed == 0 }'
