#!/usr/bin/env bash
# Duet for 64-bit ARM, built by the cross compiler and run by qemu: every kernel test passes there, on all levels
# and on a processor that has the first alone, and NEON gives the bytes that AVX2 gives here: of the kernel tests'
# awkward sizes, of detections, masks and maps.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
arm=$DUET_BUILD_DIR/arm
kernels=(conv1x1 conv1x1_u8 conv3x3 conv3x3_u8 depthwise3x3 depthwise3x3_u8 resize upsample)
libraries=(jansson libxxhash nettle libpng yajl expat libjpeg zlib cmocka)

arm64_libraries() {
    PKG_CONFIG_PATH='' PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig pkg-config --exists "${libraries[@]}"
}
for program in aarch64-linux-gnu-gcc qemu-aarch64 cmake ninja pkg-config arm64_libraries; do
    command -v "$program" >/dev/null && { [ "$program" != arm64_libraries ] || arm64_libraries; } ||
        skip_all "64-bit ARM" "no $program; './setup.sh --arm' installs what is missing"
done

it_builds() {
    # Of the environment, what is meant for the native build stays out.
    env -u CC -u CFLAGS -u LDFLAGS cmake -S "$DUET_SOURCE_DIR" -B "$arm" -G Ninja -DDUET_TESTS=ON \
        --toolchain "$DUET_SOURCE_DIR/cmake/aarch64-linux-gnu.cmake" &&
        cmake --build "$arm" --target detect segment test_backbone_network_numbers "${kernels[@]/#/test_backbone_kernels_}"
}
kernel_test() { # NAME
    export DUET_SEED=20260
    qemu-aarch64 -cpu max "$arm/tests/test_backbone_kernels_$1" >"$1.arm" && "$DUET_BUILD_DIR/tests/test_backbone_kernels_$1" >"$1.here" || { cat "$1".*; return 1; }
}
every_level() {
    ! grep 'not on this processor' ./*.arm
}
neon_alone() {
    DUET_SEED=20260 qemu-aarch64 -cpu cortex-a53 "$arm/tests/test_backbone_kernels_conv1x1_u8" >old || return 1
    for level in dotprod i8mm; do
        grep -qxF "# level $level: not on this processor" old || return 1
    done
    diff <(grep '^# sum of all bytes: ' old) <(grep '^# sum of all bytes: ' conv1x1_u8.arm)
}
kernel_bytes() { # NAME
    grep '^# sum of all bytes: ' "$1.here" >wanted && grep '^# sum of all bytes: ' "$1.arm" | diff wanted -
}
networks_in_bytes() {
    qemu-aarch64 -cpu max "$arm/tests/test_backbone_network_numbers"
}
detections() {
    "$DUET_BIN/scene" -q -o street && cp "$DUET_SOURCE_DIR/data/scene/detected.jpg" street/drawn.jpg || return 1
    "$DUET_BIN/detect" --cpu avx2 -q -f ndjson street >here.ndjson || return 1
    qemu-aarch64 "$arm/bin/detect" --cpu neon -q -f ndjson street >arm.ndjson || return 1
    grep -qF '"class":"bus"' here.ndjson && cmp here.ndjson arm.ndjson
}
detections_in_bytes() { # as detections() left the pictures; on every level
    "$DUET_BIN/detect" --cpu avx2 -q -f ndjson --model ssdlite-coco-int8 street >here.int8 || return 1
    for level in neon dotprod i8mm; do
        qemu-aarch64 -cpu max "$arm/bin/detect" --cpu $level -q -f ndjson --model ssdlite-coco-int8 street >arm.int8 ||
            return 1
        grep -qF '"class":"bus"' arm.int8 && cmp here.int8 arm.int8 || return 1
    done
}
masks() { # MODEL
    set -- -q -f ndjson --model "$1" street/scene_0000.png
    "$DUET_BIN/segment" --cpu avx2 -M here --confidence here-maps "$@" >here.records || return 1
    qemu-aarch64 "$arm/bin/segment" --cpu neon -M arm --confidence arm-maps "$@" >arm.records || return 1
    [ -s here/scene_0000.png ] && [ -s here-maps/scene_0000.png ] || return 1
    diff -r here arm && diff -r here-maps arm-maps && cmp here.records arm.records
}

cd "$work" || exit 1
check "it builds for 64-bit ARM" it_builds
[ "$tap_failed" -eq 0 ] || finish
for name in "${kernels[@]}"; do
    check "kernels of $name" kernel_test "$name"
done
check "every level was there" every_level
check "a processor without dot products of bytes" neon_alone
check "networks in whole numbers, on the scalar level and the best" networks_in_bytes
for feature in avx2 fma; do
    grep -qw "$feature" /proc/cpuinfo || skip_all "the bytes of AVX2" "this processor has no $feature"
done
for name in "${kernels[@]}"; do
    check "bytes of $name" kernel_bytes "$name"
done
models=$(find_models ssdlite-coco deeplabv3-voc)
[ -n "$models" ] || skip_all "detections and masks" "no model files"
export DUET_MODELS=$models
check "detections" detections
check "masks" masks deeplabv3-voc
models=$(find_models ssdlite-coco-int8)
[ -n "$models" ] || skip_all "detections in whole numbers" "no ssdlite-coco-int8"
export DUET_MODELS=$models
check "detections in whole numbers" detections_in_bytes
finish
