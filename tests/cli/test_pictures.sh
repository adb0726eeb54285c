#!/usr/bin/env bash
# Pictures that are damaged beside their pixels, large ones, and the limits that options set.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
detect=$DUET_BIN/detect
models=$(find_models ssdlite-coco) model=$models/ssdlite-coco.safetensors
run() { ran "$detect" -m "$model" "$@"; }

cd "$work" || exit 1
[ -n "$models" ] || skip_all "pictures" "the model ssdlite-coco is not there"
"$DUET_BIN/scene" -q -o scene || exit 1
png=scene/scene_0000.png
{ head -c 33 $png; printf '\0\0\0\3tEXta\0b\0\0\0\1'; tail -c +34 $png; } >checksum.png
head -c -12 $png >endless.png
run --annotate jpg --annotate-format jpg $png
mv jpg/scene_0000.jpg whole.jpg
head -c -2 whole.jpg >endless.jpg

same_as_whole() { # FILE WHOLE: the same was found in both
    run -q -f csv "$2" && cut -d, -f 4- out >whole && run -f csv "$1" && want 0 &&
        cut -d, -f 4- out | diff - whole && [ "$(wc -l <whole)" -gt 3 ]
}
damage_beside_the_pixels_is_a_warning() {
    same_as_whole checksum.png $png && mentions "checksum.png: PNG damaged beside its pixels (tEXt: CRC error)" err &&
        grep -q warning: err && same_as_whole endless.png $png && mentions "PNG without its end (IEND)" err &&
        same_as_whole endless.jpg whole.jpg && mentions "endless.jpg: JPEG without an end marker (EOI)" err
}
records_tell_the_warnings() {
    run -f ndjson endless.jpg $png checksum.png && want 0 && [ "$(grep -c '"warnings":\["' out)" -eq 2 ] &&
        head -n 1 out | grep -q '"warnings":\["JPEG without an end marker (EOI)"\]}$' &&
        [ "$(grep -c warning: err)" -eq 2 ]
}
strictly_they_are_failures() {
    run --strict -f ndjson checksum.png $png endless.jpg endless.png && want 3 &&
        [ "$(grep -c '"error":{"code":"bad-format"' out)" -eq 3 ] && ! grep -q warning: err &&
        [ "$(grep -c -- '--strict' err)" -eq 3 ]
}
what_misses_pixels_is_a_failure_either_way() {
    head -c -4000 whole.jpg >cut.jpg && head -c -4000 $png >cut.png && run -f ndjson cut.jpg cut.png $png && want 3 &&
        [ "$(grep -c truncated out)" -eq 2 ]
}
limits_are_named_and_can_be_raised() {
    run --max-pixels 307199 $png && [ "$code" -ne 0 ] &&
        mentions "640x480 pixels, the limit is 307199 in all; --max-pixels raises it" err &&
        run --max-pixels 307200 $png && want 0 &&
        { printf 'P6\n2000 2000\n255\n'; head -c 12000000 /dev/zero; } >large.ppm && run --max-memory 10M large.ppm &&
        [ "$code" -ne 0 ] &&
        mentions "larger than the limit of 10485760 bytes; --max-memory sets it" err &&
        run --max-memory 20M large.ppm && [ "$code" -ne 0 ] &&
        mentions "2000x2000 pixels need 22.9 MiB to decode, the limit is 20.0 MiB; --max-memory raises it" err &&
        run --max-memory 23M large.ppm && want 0 && run --max-memory 1M $png && want 1 &&
        mentions "--max-memory: the network for an input of 300x300 needs" err &&
        run --max-memory 100M $png && want 0 &&
        run --max-memory 5X $png && want 2 && mentions "--max-memory: expected a size such as 500M or 2G, got '5X'" err
}
# Memory for one picture at a time: the same records in the same order.
a_tight_budget_changes_nothing() {
    local many=()
    for i in 1 2 3 4 5 6 7 8 9; do many+=("$png" whole.jpg checksum.png); done
    run -q -j 4 -f ndjson "${many[@]}" && mv out free && run -q -j 4 --max-memory 64M -f ndjson "${many[@]}" && want 0 &&
        cmp out free && [ "$(wc -l <out)" -eq 27 ]
}

shopt -s lastpipe # so that $code comes out of a pipeline
pipe() { # ARGUMENT...: run, with standard input as it is
    code=0
    "$detect" -m "$model" "$@" - >out 2>err || code=$?
}
records() { # COUNT: so many frames of standard input, in order
    want 0 && [ "$(wc -l <out)" -eq "$1" ] && [ "$(grep -c '"source":"-"' out)" -eq "$1" ] &&
        [ "$(grep -o '"frame":[0-9]*' out | cut -d: -f 2 | tr '\n' ' ')" = "$(seq -s ' ' 0 $(($1 - 1))) " ]
}
pictures_in_a_pipe_are_frames() {
    cat $png whole.jpg checksum.png $png | pipe -f ndjson && records 4 && [ "$(grep -c '"class":"bus"' out)" -eq 4 ] &&
        grep -q 'frame 2: PNG damaged' err &&
        cat $png $png >two.png && pipe -f ndjson <two.png && records 2 && run -f ndjson two.png && want 0 &&
        [ "$(wc -l <out)" -eq 2 ] && cat $png | pipe -f ndjson && want 0 && [ "$(wc -l <out)" -eq 1 ] &&
        ! grep -q '"frame"' out
}
bmp() { # a grey one of 8x8 pixels
    printf 'BM\366\0\0\0\0\0\0\0\66\0\0\0\50\0\0\0\10\0\0\0\10\0\0\0\1\0\30\0\0\0\0\0\0\0\0\0'
    head -c 16 /dev/zero
    yes '' | head -c 192
}
bmps_in_a_pipe_are_frames() {
    { bmp; bmp; bmp; } | pipe -f ndjson && records 3 && bmp | pipe -f ndjson && want 0 && [ "$(wc -l <out)" -eq 1 ] &&
        ! grep -q '"frame"' out &&
        { bmp; bmp; } | pipe -f ndjson --start 0.04 && want 0 && [ "$(wc -l <out)" -eq 1 ] && grep -q '"frame":1' out &&
        bmp >one.bmp && run -f ndjson --start 5 one.bmp && want 0 && [ "$(wc -l <out)" -eq 1 ]
}
what_ffmpeg_decodes_is_limited_too() { # 700x700 pixels
    { printf 'BM\146\156\26\0\0\0\0\0\66\0\0\0\50\0\0\0\274\2\0\0\274\2\0\0\1\0\30\0\0\0\0\0\0\0\0\0'
        head -c 1470016 /dev/zero; } >large.bmp
    run --max-memory 4M large.bmp && want 1 && mentions "large.bmp: its frames need 4.2 MiB to decode" err &&
        run --max-memory 5M large.bmp && want 0
}
what_is_lost_in_a_pipe_is_told() {
    { cat $png; echo garbage; } | pipe -f ndjson && want 0 &&
        mentions "warning: detect: -: 8 bytes behind the picture are passed over" err || return 1
    { cat $png $png; echo garbage; } | pipe -f ndjson && want 3 && [ "$(wc -l <out)" -eq 3 ] &&
        mentions "damaged after 2 frames, expected another picture" err || return 1
    { cat $png; echo garbage; } | pipe --strict -f ndjson
    [ "$code" -ne 0 ] && mentions "behind the picture" out
}

viewers_tell_it_too() {
    SDL_VIDEODRIVER=dummy "$DUET_BIN/viewer" --model "$model" --screenshot seen.png endless.png >out 2>err &&
        [ -s seen.png ] && mentions "warning: viewer: endless.png: PNG without its end (IEND)" err &&
        [ "$(grep -c warning: err)" -eq 1 ] &&
        ! SDL_VIDEODRIVER=dummy "$DUET_BIN/viewer" --model "$model" --strict --screenshot none.png endless.png 2>err &&
        mentions "--strict refuses that" err
}

check "damage beside the pixels is a warning" damage_beside_the_pixels_is_a_warning
check "records tell the warnings" records_tell_the_warnings
check "strictly they are failures" strictly_they_are_failures
check "what misses pixels is a failure either way" what_misses_pixels_is_a_failure_either_way
check "limits are named and can be raised" limits_are_named_and_can_be_raised
check "a tight budget changes nothing" a_tight_budget_changes_nothing
check "pictures in a pipe are frames" pictures_in_a_pipe_are_frames
if [ -f "$DUET_BUILD_DIR/lib/duet/duet-video.so" ]; then
    check "BMPs in a pipe are frames" bmps_in_a_pipe_are_frames
    check "what FFmpeg decodes is limited, too" what_ffmpeg_decodes_is_limited_too
else
    skip "BMPs in a pipe are frames" "built without FFmpeg"
    skip "what FFmpeg decodes is limited, too" "built without FFmpeg"
fi
if [ -x "$DUET_BIN/viewer" ]; then
    check "the viewer tells it, too" viewers_tell_it_too
else
    skip "the viewer tells it, too" "built without SDL2"
fi
check "what is lost in a pipe is told" what_is_lost_in_a_pipe_is_told
finish
