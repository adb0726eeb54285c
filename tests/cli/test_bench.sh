#!/usr/bin/env bash
# The bench program: what it prints, not how fast it is.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
bench=$DUET_BIN/bench
number='[0-9]+(\.[0-9]+)?'
model=$(find_models ssdlite-coco)/ssdlite-coco.safetensors

help_is_for_people() {
    "$bench" --help >"$work/out" && grep -q '^Usage: bench ' "$work/out" || return 1
    for command in kernels eval batch; do
        grep -q "^  $command " "$work/out" && "$bench" "$command" --help >"$work/$command" &&
            grep -q "^Usage: bench $command " "$work/$command" && "$bench" help "$command" | cmp - "$work/$command" || return 1
    done
    "$bench" help | cmp - "$work/out" && [ "$(cat "$work/out" "$work"/{kernels,eval,batch} | wc -L)" -le 80 ]
}
mistakes_are_usage_errors() {
    exits 2 "$bench" && exits 2 "$bench" --reps 0 x && exits 2 "$bench" --cpu abacus "$model"
}
a_missing_model_is_fatal() { exits 1 "$bench" no-such-model; }
json_is_one_line() { # {"precision":..,"load":..,"first":..,"hwm_kb":..,"ts":[4 numbers]}
    "$bench" --json --reps 4 --size 96 --threads 2 "$model" >"$work/out" && [ "$(wc -l <"$work/out")" -eq 1 ] &&
        grep -Eq '^\{"precision":"float32","load":[0-9.]+,"first":[0-9.]+,"hwm_kb":[0-9]+,"ts":\[([0-9.]+,){3}[0-9.]+\]\}$' "$work/out"
}
a_profile_names_every_step() {
    "$bench" --profile --reps 1 --warmup 0 --size 96 --cpu scalar "$model" >"$work/out" &&
        grep -q '^backbone.block13.expand .*conv1x1_f32 scalar' "$work/out" && grep -q 'ssdlite.map5.class' "$work/out"
}
splits_and_small_caches_save_memory() { # what results and scratch take, in MB
    memory() { "$bench" --reps 1 --warmup 0 --size 96 "$@" "$model" | sed -n 's/.*results \([0-9.]*\) *scratch \([0-9.]*\).*/\1 + \2/p'; }
    local one four
    one=$(memory --split 1) && four=$(memory --split 4) && [ -n "$one" ] && awk "BEGIN { exit !(($four) < 0.6 * ($one)) }" &&
        exits 2 "$bench" --split 0 "$model" || return 1
    one=$(memory --l2 64) && four=$(memory --l2 65536) && awk "BEGIN { exit !(($one) < ($four)) }"
}
unfused_has_a_step_a_layer() {
    "$bench" --profile --unfused --reps 1 --warmup 0 --size 96 "$model" >"$work/out" &&
        grep -q '^backbone.block16.depthwise ' "$work/out"
}

# --- kernels

kernels_are_listed_level_by_level() { # a 1x1 layer of the last map, one class layer, on every level
    "$bench" kernels --ms 1 map5 >"$work/out" && head -1 "$work/out" | grep -q '^level ' || return 1
    grep -Eq '^scalar +conv1x1 +1x1x128 -> 546 +1 +[0-9]+ +[0-9.]+ +-  ssdlite: ssdlite.map5.class.predict$' "$work/out" &&
        grep -Eq '^scalar +depthwise3x3 +1x1x128 -> 1x1 +2 +[0-9]+ .* ssdlite: ssdlite.map5.box.depthwise$' "$work/out" &&
        grep -Eq '^scalar +depthwise3x3(_u8)? .* ssdlite: all$' "$work/out" && ! grep -q 'deeplab\|tests' "$work/out"
}
one_level_alone() {
    "$bench" kernels --ms 1 --cpu scalar tests >"$work/out" && [ "$(grep -c '^scalar ' "$work/out")" -eq 27 ] &&
        [ "$(wc -l <"$work/out")" -eq 28 ] && exits 2 "$bench" kernels --cpu abacus
}
one_precision_alone() { # pictures and masks are floats
    "$bench" kernels --ms 1 --cpu scalar --precision float32 tests >"$work/out" && [ "$(wc -l <"$work/out")" -eq 16 ] && ! grep -q _u8 "$work/out" &&
        "$bench" kernels --ms 1 --cpu scalar --precision int8 tests >"$work/out" && [ "$(grep -cE '^scalar +(conv1x1|conv3x3|depthwise3x3)_u8 ' "$work/out")" -eq 12 ] &&
        [ "$(wc -l <"$work/out")" -eq 13 ] && "$bench" kernels --ms 1 --cpu scalar --json conv1x1_u8 | grep -q '"kernel":"conv1x1_u8",.*"gops":'
}
layers_of_one_shape_are_one_row() {
    "$bench" kernels --ms 1 --cpu scalar --json block8.expand >"$work/out" && [ ! -s "$work/out" ] &&
        "$bench" kernels --ms 1 --cpu scalar --json block7.expand >"$work/out" && grep -q '"set":"deeplab"' "$work/out" &&
        grep -q '"kernel":"conv1x1","set":"ssdlite","layer":"backbone.block7.expand","layers":4,"in":\[19,19,64\],"out":\[19,19,384\]' "$work/out"
}
kernel_json_is_a_line_a_row() {
    "$bench" kernels --ms 1 --json map5.box >"$work/out" && [ -s "$work/out" ] &&
        ! grep -Evq "^\{\"level\":\"[a-z0-9]+\",\"kernel\":\"[a-z0-9_]+\",\"set\":\"ssdlite\",\"layer\":\"[a-z0-9.]+\",\"layers\":[12],\"in\":\[.*\],\"out\":\[.*\],\"stride\":1,\"rate\":1,\"ns\":$number,\"g(fl)?ops\":$number,\"peak\":($number|null)\}$" "$work/out"
}
shapes_come_from_a_table() {
    printf 'name\ttype\tcin\tcout\tin\tout\tstride\tdil\tMACs\n"a\\\t3x3\t3\t8\t9\t5\t2\t1\t9\nb\tdw\t8\t8\t5\t5\t1\t2\n\nc\t1x1\t8\t4\t5\t5\t1\t1\n' >"$work/good.tsv"
    "$bench" kernels --ms 1 --cpu scalar --precision float32 --json --shapes "$work/good.tsv" >"$work/out" && [ "$(wc -l <"$work/out")" -eq 3 ] &&
        grep -qF '"layer":"\"a\\","layers":1,"in":[9,9,3],"out":[5,5,8],"stride":2,"rate":1' "$work/out" &&
        grep -q '"layer":"b".*"stride":1,"rate":2' "$work/out"
}
a_bad_table_is_named() {
    printf 'name\nx\tdw\t8\t8\t5\t4\t1\t1\n' >"$work/bad.tsv"
    exits 1 "$bench" kernels --shapes "$work/bad.tsv" 2>"$work/err" && grep -q 'bad.tsv:2: expected ' "$work/err" || return 1
    printf 'name\nx\t1x1\t16384\t16384\t8192\t8192\t1\t1\n' >"$work/bad.tsv"
    exits 1 "$bench" kernels --shapes "$work/bad.tsv" 2>"$work/err" && grep -q 'elements' "$work/err" || return 1
    printf 'name\n' >"$work/bad.tsv"
    exits 1 "$bench" kernels --shapes "$work/bad.tsv" && exits 1 "$bench" kernels --shapes "$work/none.tsv"
}

# --- eval

eval_scores_what_evaluate_scores() {
    "$bench" eval -n 3000 -i 60 -a 400 -r 2 --json --keep "$work/made/up" >"$work/out" && [ "$(wc -l <"$work/out")" -eq 1 ] &&
        grep -Eq "^\{\"detections\":3000,\"images\":60,\"annotations\":400,.*\"hwm_kb\":[0-9]+,\"ts\":\[$number,$number\]\}$" "$work/out" || return 1
    "$DUET_BIN/evaluate" coco -q -g "$work/made/up/instances.json" -d "$work/made/up/results.json" --json - >"$work/scores" || return 1
    ap=$(sed -E 's/.*"ap":([0-9.]+).*/\1/' "$work/out")
    grep -qF "${ap%?}" "$work/scores" || { echo "AP $ap is not in:"; cat "$work/scores"; return 1; }
}
eval_leaves_nothing_behind() {
    mkdir "$work/tmp" && TMPDIR=$work/tmp "$bench" eval -n 500 -i 10 -a 50 -r 1 >"$work/out" || return 1
    grep -q '^500 detections, 10 images, 50 annotations' "$work/out" && grep -Eq '^  all .* detections a second$' "$work/out" &&
        [ -z "$(ls -A "$work/tmp")" ] && TMPDIR=$work/none exits 1 "$bench" eval && exits 2 "$bench" eval operand
}

# --- batch

batch_draws_its_own_pictures() {
    mkdir "$work/temporary" && TMPDIR=$work/temporary "$bench" batch -m "$model" -n 4 -r 1 -j 3 >"$work/out" || return 1
    grep -q '^4 pictures, 1 round; inference alone ' "$work/out" && grep -Eq '^ +1 +[0-9.]+ +1\.00 +[0-9.]+$' "$work/out" &&
        [ "$(grep -Ec '^ +[0-9]+ +[0-9.]+ +[0-9.]+ +[0-9.]+$' "$work/out")" -eq 3 ] && [ -z "$(ls -A "$work/temporary")" ]
}
batch_takes_inputs() {
    "$DUET_BIN/scene" -q -o "$work/street" && "$bench" batch -m "$model" -r 1 -j 1 --json "$work/street/scene_0000.png" >"$work/out" &&
        grep -Eq "^\{\"pictures\":1,\"inference_ms\":$number,\"hwm_kb\":[0-9]+,\"threads\":\[\{\"threads\":1,\"rate\":$number,\"over_one\":1.0000,\"over_inference\":$number\}\]\}$" "$work/out"
}
batch_stops_at_what_fails() {
    exits 3 "$bench" batch -m "$model" -r 1 -j 1 "$work/street/scene_0000.png" "$work/none.jpg" && exits 2 "$bench" batch -m "$model" - &&
        mkdir "$work/empty" && exits 1 "$bench" batch -m "$model" "$work/empty" && exits 1 "$bench" batch -m no-such-model "$work/street"
}

check "help is for people" help_is_for_people
check "a missing model is fatal" a_missing_model_is_fatal
check "kernels are listed level by level" kernels_are_listed_level_by_level
check "one level alone" one_level_alone
check "one precision alone" one_precision_alone
check "layers of one shape are one row" layers_of_one_shape_are_one_row
check "kernel json is a line a row" kernel_json_is_a_line_a_row
check "shapes come from a table" shapes_come_from_a_table
check "a bad table is named" a_bad_table_is_named
check "eval scores what evaluate scores" eval_scores_what_evaluate_scores
check "eval leaves nothing behind" eval_leaves_nothing_behind
[ -f "$model" ] || skip_all "bench with a model" "no model: build/bin/models fetch ssdlite-coco"
check "mistakes are usage errors" mistakes_are_usage_errors
check "json is one line" json_is_one_line
check "a profile names every step" a_profile_names_every_step
check "splits and small caches save memory" splits_and_small_caches_save_memory
check "unfused has a step a layer" unfused_has_a_step_a_layer
check "batch draws its own pictures" batch_draws_its_own_pictures
check "batch takes inputs" batch_takes_inputs
check "batch stops at what fails" batch_stops_at_what_fails
finish
