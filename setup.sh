#!/usr/bin/env bash
# setup.sh: everything between a fresh clone on Debian 12 and a built, ready Duet. Safe to call again: it does
# nothing twice. Usage: ./setup.sh [--tests]   (--tests: also what only the test suite needs)
set -euo pipefail
cd "$(dirname "$0")"

say() { printf '== %s\n' "$*" >&2; }

packages=(cmake ninja-build gcc libc6-dev pkg-config libjpeg62-turbo-dev libpng-dev zlib1g-dev libstb-dev libjansson-dev
    libyajl-dev libxxhash-dev nettle-dev fonts-dejavu-core)
for arg in "$@"; do
    case $arg in
    --tests) packages+=(libcmocka-dev) ;;
    *) echo "setup.sh: unknown option '$arg'; known: --tests" >&2; exit 2 ;;
    esac
done

missing=()
for p in "${packages[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
    say "installing Debian packages: ${missing[*]}"
    root=()
    [ "$(id -u)" -eq 0 ] || root=(sudo)
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
fi

tests=OFF
[ -z "$(printf '%s\n' "$@" | grep -x -- --tests)" ] || tests=ON
[ -f build/CMakeCache.txt ] && grep -q '^DUET_TESTS:BOOL=ON' build/CMakeCache.txt && tests=ON
say "building into build/"
cmake -S . -B build -G Ninja -DDUET_TESTS=$tests >build-configure.log 2>&1 || { cat build-configure.log >&2; exit 1; }
mv build-configure.log build/configure.log
cmake --build build >&2
