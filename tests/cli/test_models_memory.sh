#!/usr/bin/env bash
# models with every allocation failing, one at a time: no hang, no crash, no success with something missing.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
. "$DUET_SOURCE_DIR/tests/support/failing_memory.sh"
models=$DUET_BIN/models
why=$(failing_unable)
[ -z "$why" ] || skip_all "models when memory fails" "$why"

# A file of tensors that is no model, small enough to fail at everywhere.
tensors='{"__metadata__":{"format":"pt"},"first":{"dtype":"U8","shape":[2,1],"data_offsets":[0,2]},"second":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}'
printf "\\x$(printf %x ${#tensors})\\0\\0\\0\\0\\0\\0\\0${tensors//\\/\\\\}abcd" >"$work/tensors.safetensors"

plain() { "${failing[@]}" "$models" show --json "$work/tensors.safetensors" >"$work/got"; }
check "show --json of tensors" sweep plain 1

arch() { "${failing[@]}" "$models" show --json --arch classifier >"$work/got"; }
check "show --json of a network" sweep arch 23

model=$DUET_BUILD_DIR/models/deeplabv3-voc-dm05.safetensors
source=$(find "${DUET_MIRROR:-/nowhere}" "${shared:-/nowhere}/models" -name deeplabv3_mnv2_dm05_pascal_quant.tflite 2>/dev/null | head -1)

if [ -f "$model" ]; then
    show() { "${failing[@]}" "$models" show --json "$model" >"$work/got"; }
    check "show --json of a model" sweep show 101
    diff_of() { "${failing[@]}" "$models" diff --json --size 33 "$model" "$model" >"$work/got"; }
    check "diff --json" sweep diff_of 151
else
    skip "show --json and diff --json of a model" "build/models has no deeplabv3-voc-dm05"
fi

if [ -n "$source" ]; then
    import() {
        rm -f "$work/made.safetensors"
        "${failing[@]}" "$models" import "$source" -o "$work/made.safetensors" 2>"$work/said-too" || {
            local code=$?
            cat "$work/said-too" >&2
            [ ! -e "$work/made.safetensors" ] || echo "left a file behind"
            return $code
        }
        cp "$work/made.safetensors" "$work/got"
    }
    check "import" sweep import 151
else
    skip "import" "neither \$DUET_MIRROR nor the shared data has a TFLite file"
fi
finish
