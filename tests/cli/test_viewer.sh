#!/usr/bin/env bash
# The viewer: what it shows, that no frame is shown with another frame's boxes, exit codes; and, where there are Xvfb
# and xdotool, what a person does with it. What was on the screen is told by --trace, how it looked by --screenshot.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
viewer=$DUET_BIN/viewer
[ -x "$viewer" ] || skip_all "viewer" "built without SDL2"

DUET_MODELS=$(find_models ssdlite-coco)
masks= # -s where there is the model for it
[ ! -f "${DUET_MODELS:-}/deeplabv3-voc.safetensors" ] || masks=-s
export DUET_MODELS SDL_RENDER_DRIVER=software SDL_FRAMEBUFFER_ACCELERATION=0
# What SDL and its libraries keep until the end of the process is theirs.
export LSAN_OPTIONS=suppressions=$work/lsan:print_suppressions=0
printf 'leak:libSDL2\nleak:libdbus\nleak:libX11\n' >"$work/lsan"
unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER
cd "$work" || exit 1

run() { SDL_VIDEODRIVER=dummy ran timeout 60 "$viewer" "$@"; } # on a screen that nobody sees
rows() { # FILE FROM COUNT: of a 640 pixel wide PPM
    tail -c +$((16 + $2 * 1920)) "$1" | head -c $(($3 * 1920))
}
same_rows() { cmp <(rows "$1" "$3" "$4") <(rows "$2" "$3" "$4"); }

# --- the command line ---

help_is_for_people() {
    run --help && want 0 && [ ! -s err ] && grep -q '^Usage: viewer ' out && grep -q '^Exit status:' out &&
        [ "$(wc -L <out)" -le 80 ]
}
mistakes_are_usage_errors() {
    run && want 2 && says "viewer: no INPUT given" || return 1
    run --frames 0 x && want 2 && mentions "--frames: expected a whole number" || return 1
    run --screenshot shot.gif x && want 2 && mentions "got 'shot.gif'" || return 1
    run --record clip.txt x && want 2 && mentions "got 'clip.txt'" || return 1
    run --size 10 x && want 2 && mentions "--size: expected WIDTHxHEIGHT" || return 1
    run --target-fps 10 x && want 2 && mentions "add --segment" || return 1
    run --classes persn x && want 2 && mentions "unknown class 'persn'"
}
existing_files_are_kept() {
    echo precious >kept.png && cp kept.png kept.ndjson && cp kept.png kept.mp4
    run --screenshot kept.png 1.ppm && want 2 && mentions "--force" || return 1
    run --trace kept.ndjson 1.ppm && want 2 || return 1
    run --record kept.mp4 1.ppm && want 2 && [ "$(cat kept.png kept.ndjson kept.mp4 | sort -u)" = precious ]
}
no_display_is_one_clear_line() {
    code=0
    timeout 60 "$viewer" scene.png >out 2>err </dev/null || code=$?
    want 1 && lines 1 err && mentions "viewer: no window can be shown: there is no display" || return 1
    code=0
    DISPLAY=:4711 timeout 60 "$viewer" scene.png >out 2>err </dev/null || code=$?
    want 1 && lines 1 err && mentions "no window can be shown" || return 1
    code=0 # nobody watches: no display is needed
    timeout 60 "$viewer" --no-detect --frames 1 scene.png >out 2>err </dev/null || code=$?
    want 0 && [ ! -s err ]
}
a_missing_model_is_fatal() { run --model no-such-model scene.png && want 1 && mentions no-such-model; }

# --- pictures ---

a_picture_fills_the_window() {
    run --no-detect --screenshot plain.ppm scene.png && want 0 || return 1
    [ "$(head -c 15 plain.ppm | tr '\n' ' ')" = "P6 640 546 255 " ] || return 1 # and the bars
    run --no-detect --screenshot again.ppm --frames 30 scene.png && want 0 && same_rows plain.ppm again.ppm 38 480
}
it_looks_like_an_annotated_picture() {
    "$DUET_BIN/detect" -q -f ndjson --annotate annotated scene.png >/dev/null || return 1
    run --no-detect --screenshot annotated.ppm annotated/scene.png && want 0 || return 1
    run --screenshot seen.ppm scene.png && want 0 || return 1
    # The legend, in the lower left corner, is the viewer's own.
    same_rows annotated.ppm seen.ppm 38 390 && ! same_rows plain.ppm seen.ppm 38 390 >/dev/null
}
masks_come_with_segment() {
    run -s --trace masks.ndjson --screenshot masks.ppm scene.png && want 0 || return 1
    grep -q '"masks":\["aeroplane","bus"\]' masks.ndjson && ! same_rows seen.ppm masks.ppm 38 390 >/dev/null || return 1
    run -s --no-detect --trace only.ndjson scene.png --frames 1 && want 0 && ! grep -q '"boxes"' only.ndjson &&
        grep -q '"masks":\["aeroplane","bus"\]' only.ndjson
}
folders_are_gone_through() {
    mkdir folder && cp scene.png folder/a.png && picture folder/b.ppm 40 30 && head -c 900 scene.png >folder/c.png &&
        picture folder/d.ppm 30 40
    run --frames 3 --trace folder.ndjson folder && want 3 && lines 3 folder.ndjson && lines 1 err || return 1
    mentions "viewer: folder/c.png: truncated PNG" &&
        [ "$(sed 's/.*"source":"\([^"]*\)".*/\1/' folder.ndjson | tr '\n' ' ')" = "folder/a.png folder/b.ppm folder/d.ppm " ]
}
bad_inputs_are_named() {
    : >empty.png && head -c 3000 scene.png >cut.png && echo text >text.jpg && mkdir nothing
    for bad in empty.png cut.png text.jpg missing.jpg; do
        run --frames 1 $bad && want 3 && lines 1 err && mentions "viewer: $bad: " || return 1
    done
    run --screenshot none.png empty.png && want 3 && [ ! -e none.png ] || return 1
    run --frames 1 nothing && want 1 && mentions "no pictures to show" || return 1
    run --frames 1 missing.jpg scene.png && want 3 && lines 1 err
}
any_size_can_be_shown() {
    picture one.ppm 1 1 && picture wide.ppm 3000 1 && picture high.ppm 1 3000
    for size in one wide high; do run $masks --screenshot $size.png $size.ppm && want 0 && [ -s $size.png ] || return 1; done
    picture large.ppm 7680 4320 && run --frames 2 --screenshot large.png large.ppm && want 0 && rm large.ppm
}
standard_input_is_shown() {
    code=0
    SDL_VIDEODRIVER=dummy "$viewer" --frames 1 --trace stdin.ndjson - <scene.png >out 2>err || code=$?
    want 0 && lines 1 stdin.ndjson && grep -q '"source":"-"' stdin.ndjson
}
both_palettes_work() {
    run --palette safe --screenshot safe.ppm scene.png && want 0 && ! same_rows seen.ppm safe.ppm 38 390 >/dev/null
}

# --- videos ---

traced() { sed "s/.*\"$1\":\([-0-9.a-z]*\).*/\1/" "$2"; }
every_frame_has_its_own_boxes() {
    "$DUET_BIN/detect" -q -f ndjson clip.mp4 >clip.ndjson && lines 40 clip.ndjson || return 1
    run --frames 1000 --trace played.ndjson clip.mp4 && want 0 && [ "$(wc -l <played.ndjson)" -ge 3 ] || return 1
    run --frames 1000 --live all --trace all.ndjson clip.mp4 && want 0 && lines 40 all.ndjson || return 1
    cmp <(traced frame all.ndjson) <(seq 0 39) || return 1
    for trace in played all; do
        cmp <(traced frame $trace.ndjson) <(traced results_of $trace.ndjson) || return 1
        while read -r line; do
            frame=$(sed 's/.*"frame":\([0-9]*\).*/\1/' <<<"$line")
            boxes=$(sed 's/.*"boxes":\(\[[^]]*\(\][^]]*\)*\]\),"dropped.*/\1/' <<<"$line")
            grep "\"frame\":$frame," clip.ndjson | sed 's/"category_id":[0-9]*,//g' | grep -qF "\"detections\":$boxes" ||
                { echo "frame $frame: $boxes"; grep "\"frame\":$frame," clip.ndjson; return 1; }
        done <$trace.ndjson
    done
    # The bus moves: another frame's boxes would have been noticed.
    [ "$(sed 's/.*"boxes"//; s/"dropped".*//' all.ndjson | sort -u | wc -l)" -gt 30 ]
}
a_clip_lasts_as_long_as_it_says() { # 40 frames at 20 a second, less the last one
    seconds=$(traced at played.ndjson | tail -1)
    awk -v s="$seconds" 'BEGIN { exit !(s > 1.6 && s < 2.4) }' || { echo "$seconds seconds"; return 1; }
    frames=$(wc -l <played.ndjson) dropped=$(traced dropped played.ndjson | tail -1)
    [ $((frames + dropped)) -eq 40 ]
}
parts_of_a_clip_are_shown() {
    run --frames 3 --no-detect --start 60 --trace none.ndjson clip.mp4 && want 0 && lines 0 none.ndjson &&
        mentions "warning: viewer: clip.mp4: ends before --start 60" && lines 1 err || return 1
    run --frames 1000 --live all --no-detect --start 1 --duration 0.5 --every 2 --trace part.ndjson clip.mp4 && want 0 || return 1
    cmp <(traced frame part.ndjson) <(seq 20 2 28)
}
a_loop_begins_again() {
    run --frames 60 --live all --no-detect --loop --trace loop.ndjson clip.mp4 && want 0 && lines 60 loop.ndjson &&
        cmp <(traced frame loop.ndjson) <(seq 0 39; seq 0 19)
}
several_clips_follow_each_other() {
    run --frames 1000 --no-detect --live all --duration 0.2 --trace two.ndjson clip.mp4 scene.png clip.mp4 && want 0 &&
        cmp <(traced input two.ndjson) <(printf '%s\n' 0 0 0 0 1 2 2 2 2)
}
boxes_are_numbered() {
    run --frames 1000 --live all --track --screenshot track.ppm clip.mp4 && want 0 || return 1
    run --frames 1000 --live all --screenshot notrack.ppm clip.mp4 && want 0 && ! same_rows track.ppm notrack.ppm 38 390 >/dev/null
}
what_is_shown_can_be_recorded() {
    run --frames 1000 --live all --record recorded.mp4 clip.mp4 && want 0 || return 1
    "$DUET_BIN/detect" -q -f ndjson recorded.mp4 >recorded.ndjson && lines 40 recorded.ndjson &&
        tail -1 recorded.ndjson | grep -q '"frame":39,.*"width":640,"height":480'
}
a_killed_viewer_leaves_what_it_recorded() { # the video plays, and every line of the trace is whole
    SDL_VIDEODRIVER=dummy "$viewer" --loop --frames 100000 --no-detect --record killed.mp4 --trace killed.ndjson clip.mp4 \
        >out 2>err </dev/null &
    pid=$!
    wait_for 20 has_lines 70 killed.ndjson
    kill -9 $pid
    wait $pid 2>/dev/null
    local shown played
    shown=$(wc -l <killed.ndjson)
    [ "$(grep -c '^{.*}$' killed.ndjson)" -eq "$shown" ] && [ -z "$(tail -c 1 killed.ndjson)" ] || { tail -c 300 killed.ndjson; return 1; }
    "$DUET_BIN/detect" -q -t 1 -f ndjson killed.mp4 >killed.seen 2>err
    played=$(grep -c '"frame"' killed.seen)
    # A second at 25 frames, three that wait to be drawn, one whose length is not known, and some that were left out.
    [ "$played" -ge $((shown - 45)) ] && [ "$played" -gt 20 ] || { echo "$played of $shown frames play"; cat err; return 1; }
}
a_deadline_is_kept_in_view() {
    run -s --frames 3 --live all --target-fps 20 --trace deadline.ndjson clip.mp4 && want 0 && lines 3 deadline.ndjson &&
        [ "$(grep -c '"masks":' deadline.ndjson)" -eq 3 ]
}
a_truncated_video_is_shown_as_far_as_it_goes() {
    run --frames 1000 --live all --no-detect --record whole.avi --trace whole.ndjson clip.mp4 && want 0 || return 1
    head -c $(($(wc -c <whole.avi) / 2)) whole.avi >cut.avi
    run --frames 1000 --live all --no-detect --trace cut.ndjson cut.avi && want 3 && mentions "viewer: cut.avi: " &&
        [ "$(wc -l <cut.ndjson)" -ge 5 ] && [ "$(wc -l <cut.ndjson)" -lt 40 ] || return 1
    head -c 200 clip.mp4 >cut.mp4 && run --frames 1 cut.mp4 && want 3 && mentions "viewer: cut.mp4: "
}
pictures_may_change_their_size() {
    "$DUET_BIN/detect" -q -f ndjson --annotate jpg --annotate-format jpg folder/a.png folder/b.ppm folder/d.ppm >/dev/null || return 1
    code=0
    cat jpg/a.jpg jpg/b.jpg jpg/d.jpg jpg/a.jpg | SDL_VIDEODRIVER=dummy "$viewer" --frames 1000 --live all \
        --trace sizes.ndjson --screenshot sizes.png - >out 2>err || code=$?
    want 0 && cmp <(traced frame sizes.ndjson) <(seq 0 3)
}
an_interruption_is_an_end() {
    SDL_VIDEODRIVER=dummy "$viewer" --loop --frames 100000 clip.mp4 >out 2>err </dev/null &
    pid=$!
    sleep 1.5
    kill -TERM $pid # a shell's background job has SIGINT ignored
    code=0
    wait $pid || code=$?
    want 143 && [ ! -s err ]
}

# --- a person at the window ---

key() { xdotool key --clearmodifiers "$@" && sleep 0.4; }
shots() { ls ./*"$1"*.png 2>/dev/null | wc -l; }
window_there() { xdotool search --onlyvisible --name "$1" >window 2>/dev/null && [ -s window ]; }
settle=1.5 # until the first results are there
! grep -q __asan_init "$viewer" || settle=5
begin() { # ARGUMENT...: the viewer with a window; its pid in $pid
    "$viewer" "$@" >out 2>err </dev/null &
    pid=$!
    wait_for 20 window_there Duet && sleep $settle && xdotool windowfocus "$(head -1 window)" 2>/dev/null
    xdotool mousemove 5 5
}
ended() { # CODE: within some seconds
    wait_for 10 eval "! kill -0 $pid 2>/dev/null" || return 1
    code=0
    wait $pid || code=$?
    want "$1"
}
ticks() { awk '{ print $14 + $15 }' "/proc/$pid/stat"; }

keys_do_what_they_say() {
    mkdir person && cd person && begin -s ../scene.png || return 1
    key s && wait_for 5 test -s scene-viewer.png || return 1         # as it begins
    key m && key s && wait_for 5 test -s scene-viewer-2.png || return 1 # no masks
    key d && key s && wait_for 5 test -s scene-viewer-3.png || return 1 # nothing
    key d && key m && key s && wait_for 5 test -s scene-viewer-4.png || return 1 # all again
    key 1 && key s && wait_for 5 test -s scene-viewer-5.png || return 1 # without a class
    key 1 && key Down Down Down Down Down Down Down Down Down && key s && wait_for 5 test -s scene-viewer-6.png || return 1
    key Up Up Up Up Up Up Up Up Up && xdotool mousemove $(box_at) click 1 && sleep 0.4 && key s &&
        wait_for 5 test -s scene-viewer-7.png || return 1 # the bus, and what it suppressed
    key h && key Tab && key f && key i && key bracketright && key q && ended 0 && [ ! -s err ] || return 1
    cmp scene-viewer.png scene-viewer-4.png || return 1
    for other in 2 3 5 6 7; do ! cmp -s scene-viewer.png scene-viewer-$other.png || { echo "$other"; return 1; }; done
    ! cmp -s scene-viewer-2.png scene-viewer-3.png
}
box_at() { # the middle of the bus, on the screen
    eval "$(xdotool getwindowgeometry --shell "$(head -1 window)" | grep -E '^(X|Y)=')"
    echo $((X + 250)) $((Y + 38 + 320))
}
cd_back() { cd "$work" && "$@"; }
shown() { tail -1 trace.live 2>/dev/null; }
has_more_than() { [ "$(wc -l <"$2")" -gt "$1" ]; } # COUNT FILE: so many lines
step() { # KEY: and the frame that it leads to is there
    local lines
    lines=$(wc -l <pause.ndjson)
    key "$1" && wait_for 20 has_more_than "$lines" pause.ndjson
}
pause_step_and_seek() {
    cd "$work" && begin --loop --trace pause.ndjson clip.mp4 || return 1
    key space && sleep 0.5 && before=$(ticks) && sleep 3 && after=$(ticks) || return 1
    [ $((after - before)) -lt $((3 * $(getconf CLK_TCK) * 3 / 100)) ] ||
        { echo "$((after - before)) ticks in 3 s while paused"; kill $pid; return 1; }
    step period && step period && step comma && step Home && step period && key q && ended 0 || return 1
    frames=$(traced frame pause.ndjson | tail -5 | tr '\n' ' ')
    set -- $frames
    [ "$2" -eq $(($1 + 1)) ] && [ "$3" -eq "$1" ] && [ "$4" -eq 0 ] && [ "$5" -eq 1 ] &&
        cmp <(traced frame pause.ndjson) <(traced results_of pause.ndjson) || { echo "frames $frames"; return 1; }
}
pictures_are_turned_over() {
    begin --trace turned.ndjson folder && key Right && key Right && key Right && key q && ended 3 || return 1
    cmp <(grep -v '"results_of":null' turned.ndjson | traced input /dev/stdin | uniq) <(printf '%s\n' 0 1 3)
}
recording_begins_and_ends() {
    mkdir rec && cd rec && begin --loop ../clip.mp4 && key r && sleep 1 && key r && sleep 0.5 && key q && ended 0 || return 1
    "$DUET_BIN/detect" -q -f ndjson clip-*.mp4 >rec.ndjson && [ "$(wc -l <rec.ndjson)" -ge 5 ]
}
closing_while_it_works_ends_it() {
    cd "$work" && picture busy.ppm 4000 3000 && "$viewer" $masks -j 1 busy.ppm >out 2>err </dev/null &
    pid=$!
    wait_for 20 window_there Duet || return 1
    sleep 0.3 && key q && ended 0
}
a_source_that_ends_early_leaves_the_window_open() {
    begin --no-detect cut.avi && sleep 2 && kill -0 $pid && mentions "viewer: cut.avi: " && key q && ended 3
}

check_masks() { # NAME FUNCTION
    if [ -n "$masks" ]; then check "$@"; else skip "$1" "no model deeplabv3-voc"; fi
}

"$DUET_BIN/scene" -q -o scenes && cp scenes/scene_0000.png scene.png
check "help is for people" help_is_for_people
check "mistakes are usage errors" mistakes_are_usage_errors
check "no display is one clear line" no_display_is_one_clear_line
check "a missing model is fatal" a_missing_model_is_fatal
check "a picture fills the window" a_picture_fills_the_window
if [ -z "${DUET_MODELS:-}" ]; then
    skip "boxes and masks" "no model"
    finish
fi
check "existing files are kept" existing_files_are_kept
check "it looks like an annotated picture" it_looks_like_an_annotated_picture
check_masks "masks come with --segment" masks_come_with_segment
check "folders are gone through" folders_are_gone_through
check "bad inputs are named" bad_inputs_are_named
check "any size can be shown" any_size_can_be_shown
check "standard input is shown" standard_input_is_shown
check "both palettes work" both_palettes_work
moving=1
if ! "$DUET_BIN/scene" -q -n 40 -r 20 -v clip.mp4 2>scene.err; then
    skip "videos" "$(head -1 scene.err)"
    moving=
else
    check "every frame has its own boxes" every_frame_has_its_own_boxes
    check "a clip lasts as long as it says" a_clip_lasts_as_long_as_it_says
    check "parts of a clip are shown" parts_of_a_clip_are_shown
    check "a loop begins again" a_loop_begins_again
    check "several clips follow each other" several_clips_follow_each_other
    check "boxes are numbered" boxes_are_numbered
    check "what is shown can be recorded" what_is_shown_can_be_recorded
    check "a killed viewer leaves what it recorded" a_killed_viewer_leaves_what_it_recorded
    check_masks "a deadline is kept in view" a_deadline_is_kept_in_view
    check "a truncated video is shown as far as it goes" a_truncated_video_is_shown_as_far_as_it_goes
    check "pictures may change their size" pictures_may_change_their_size
    check "an interruption is an end" an_interruption_is_an_end
fi
if ! command -v Xvfb >/dev/null || ! command -v xdotool >/dev/null; then
    skip "a person at the window" "no Xvfb or no xdotool"
    finish
fi
Xvfb -noreset -displayfd 5 -screen 0 1280x1024x24 5>display 2>/dev/null &
xvfb=$!
trap 'kill $xvfb 2>/dev/null; wait $xvfb 2>/dev/null; rm -rf "$work"' EXIT
wait_for 20 test -s display || skip_all "a person at the window" "Xvfb does not start"
DISPLAY=:$(cat display)
export DISPLAY
check_masks "keys do what they say" keys_do_what_they_say
check "closing while it works ends it" closing_while_it_works_ends_it
check "pictures are turned over" cd_back pictures_are_turned_over
if [ -n "$moving" ]; then
    check "pause, step, seek; paused it costs nothing" pause_step_and_seek
    check "recording begins and ends" cd_back recording_begins_and_ends
    check "a source that ends early leaves the window open" cd_back a_source_that_ends_early_leaves_the_window_open
fi
finish
