#!/usr/bin/env bash
# The bench program: what it prints, not how fast it is.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
bench=$DUET_BIN/bench

for folder in "${DUET_MODELS:-}" "$DUET_BUILD_DIR/models" "$DUET_SOURCE_DIR/build/models"; do
    [ -f "$folder/ssdlite-coco.safetensors" ] && model=$folder/ssdlite-coco.safetensors && break
done

help_is_for_people() { "$bench" --help >"$work/out" && grep -q '^Usage: bench ' "$work/out" && [ "$(wc -L <"$work/out")" -le 80 ]; }
mistakes_are_usage_errors() {
    exits 2 "$bench" && exits 2 "$bench" --reps 0 x && exits 2 "$bench" --cpu abacus "$model"
}
a_missing_model_is_fatal() { exits 1 "$bench" no-such-model; }
json_is_one_line() { # {"load":..,"first":..,"hwm_kb":..,"ts":[4 numbers]}
    "$bench" --json --reps 4 --size 96 --threads 2 "$model" >"$work/out" && [ "$(wc -l <"$work/out")" -eq 1 ] &&
        grep -Eq '^\{"load":[0-9.]+,"first":[0-9.]+,"hwm_kb":[0-9]+,"ts":\[([0-9.]+,){3}[0-9.]+\]\}$' "$work/out"
}
a_profile_names_every_step() {
    "$bench" --profile --reps 1 --warmup 0 --size 96 --cpu scalar "$model" >"$work/out" &&
        grep -q '^backbone.block13.expand .*conv1x1_f32 scalar' "$work/out" && grep -q 'ssdlite.map5.class' "$work/out"
}

check "help is for people" help_is_for_people
check "a missing model is fatal" a_missing_model_is_fatal
[ -n "${model:-}" ] || skip_all "bench with a model" "no model: build/bin/models fetch ssdlite-coco"
check "mistakes are usage errors" mistakes_are_usage_errors
check "json is one line" json_is_one_line
check "a profile names every step" a_profile_names_every_step
finish
