#!/usr/bin/env bash
# The detect program: inputs, formats, exit codes, and what it leaves behind when things go wrong.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
detect=$DUET_BIN/detect

models=$(find_models ssdlite-coco)
run() { ran "$detect" "$@"; }
same() { cmp "$1" "$2" && [ -s "$1" ]; }

# --- without a model ---

help_is_for_people() {
    run --help && want 0 && [ ! -s err ] && grep -q '^Usage: detect ' out && grep -q '^Exit status:' out &&
        [ "$(wc -L <out)" -le 80 ]
}
version_is_told() { run --version && want 0 && grep -Eq '^detect \(Duet\) [0-9]+\.[0-9]+\.[0-9]+$' out; }
mistakes_are_usage_errors() {
    run && want 2 && says "detect: no INPUT given" && says "Try 'detect --help' for more." || return 1
    run --treshold 1 x && want 2 && says "detect: unknown option '--treshold'; did you mean '--threshold'?" || return 1
    run --threshold 0.5x x && want 2 && says "detect: --threshold: expected a number from 0 to 1, got '0.5x'" || return 1
    run --threads 0 x && want 2 && says "detect: --threads: expected a whole number from 1 to 256, got '0'" || return 1
    run -f json x && want 2 && mentions "did you mean 'ndjson'?" && [ ! -s out ]
}
a_missing_model_is_fatal() {
    run --model no-such-model x && want 1 && mentions "no-such-model" && mentions "/models" && [ ! -s out ]
}

# --- with one ---

what_the_scene_shows_is_found() {
    "$DUET_BIN/scene" -q -o scene && run -f ndjson -a scene/found scene/scene_0000.png && want 0 || return 1
    grep -q '"class":"stop sign"' out && grep -q '"class":"airplane"' out && grep -q '"class":"bus"' out &&
        [ "$(grep -o '"category_id"' out | wc -l)" -eq 3 ] || return 1
    [ -s scene/found/scene_0000.png ] && ! cmp -s scene/found/scene_0000.png scene/scene_0000.png
}
awkward_names_are_kept() {
    mkdir names && picture "names/a b.ppm" && picture $'names/new\nline.ppm' && picture 'names/[x].ppm' &&
        picture names/--eval && picture 'names/"q".ppm'
    (cd names && run -f ndjson -- 'a b.ppm' $'new\nline.ppm' '[x].ppm' --eval '"q".ppm' && want 0 && lines 5 out &&
        grep -qF '"source":"a b.ppm"' out && grep -qF '"source":"new\nline.ppm"' out &&
        grep -qF '"source":"[x].ppm"' out && grep -qF '"source":"--eval"' out && grep -qF '"source":"\"q\".ppm"' out)
}
folders_are_walked() {
    mkdir -p walk/sub/deep walk/.git && picture walk/b.ppm && picture walk/sub/a.ppm && picture walk/sub/deep/c.ppm &&
        picture walk/.git/x.ppm && echo hello >walk/readme.txt
    run -f ndjson walk && want 0 && lines 3 out && mentions "3 pictures" && mentions "1 other file skipped" || return 1
    sed 's/.*"source":"\([^"]*\)".*/\1/' out | cmp - <(printf '%s\n' walk/b.ppm walk/sub/a.ppm walk/sub/deep/c.ppm)
}
patterns_and_lists_work() {
    mkdir list && picture list/1.ppm && picture $'list/2\n.ppm' && printf 'list/1.ppm\n\nwalk\n' >list/files.txt
    run -f ndjson 'list/*.ppm' && want 0 && lines 2 out || return 1
    run -f ndjson 'list/*.png' && want 1 && lines 1 out && mentions 'list/*.png' || return 1
    run -f ndjson @list/files.txt && want 0 && lines 4 out || return 1
    run -f ndjson @list/none.txt && want 1 && says "detect: @list/none.txt: cannot open: No such file or directory" &&
        [ ! -s out ] || return 1
    find list -name '*.ppm' -print0 | sort -z >zero
    "$detect" -q -f ndjson --null @- <zero >out 2>err && lines 2 out && [ ! -s err ] || return 1
    "$detect" -q -f ndjson @- <list/files.txt >out 2>err && lines 4 out && [ ! -s err ]
}
standard_input_is_a_picture() {
    "$detect" -q -f ndjson - <walk/b.ppm >out 2>err && lines 1 out && grep -qF '"source":"-"' out || return 1
    run -f ndjson - && want 1 && mentions "standard input: is empty" || return 1
    run - @- && want 2 && mentions "standard input is named twice"
}
bad_files_do_not_stop_the_others() {
    mkdir bad && picture bad/good.ppm && head -c 100 bad/good.ppm >bad/truncated.ppm && echo "no picture" >bad/text.jpg &&
        : >bad/empty.png && printf 'P6\n100000 100000\n255\n' >bad/huge.ppm && mkdir bad/folder.jpg
    run -f ndjson bad/good.ppm bad/truncated.ppm bad/text.jpg bad/empty.png bad/huge.ppm bad/missing.jpg bad/good.ppm
    want 3 && lines 7 out && [ "$(grep -c '"error":{"code":"' out)" -eq 5 ] || return 1
    [ "$(grep -c '^detect: bad/' err)" -eq 5 ] && mentions "7 pictures" && mentions "5 failed" || return 1
    grep '"index":3' out | grep -q '"source":"bad/empty.png","error":{"code":"bad-format"' &&
        grep '"index":4' out | grep -q '"code":"too-large"' && grep '"index":5' out | grep -q '"code":"not-found"' &&
        sed -n 1p out | grep -q '"width":40,"height":30,"detections":\[' || return 1
    run -q -f ndjson bad/missing.jpg && want 1 && lines 1 err && lines 1 out || return 1
    run -f ndjson bad/missing.jpg bad/empty.png && want 1 && mentions "detect: 0 pictures read, 0 objects, 2 failed; " && lines 2 out || return 1
    run -f ndjson http://127.0.0.1:1/none && want 1 && mentions "detect: 0 pictures read, 0 objects, 1 failed; "
}
nothing_found_is_a_valid_result() {
    mkdir -p none/empty && picture none/1.ppm && echo text >none/empty/readme
    run -f coco -t 1 none/1.ppm && want 0 && [ "$(tr -d ' \n' <out)" = "[]" ] || return 1
    run -f coco none/empty && want 1 && [ "$(tr -d ' \n' <out)" = "[]" ] &&
        says "warning: detect: no pictures to work on, 1 other file skipped" || return 1
    : >none/list && run -f coco @none/list && want 0 && [ "$(tr -d ' \n' <out)" = "[]" ] &&
        says "warning: detect: no pictures to work on" || return 1
    run -f ndjson -t 1 none/1.ppm && want 0 && grep -q '"detections":\[\]' out || return 1
    run -q -f coco bad/empty.png bad/text.jpg
    want 2 && mentions "bad/empty.png" # no image id in the name
}
existing_results_are_kept() {
    echo precious >kept
    run -o kept none/1.ppm && want 2 && mentions "kept" && mentions "--force" && [ "$(cat kept)" = precious ] || return 1
    run -o kept -f ndjson --force none/1.ppm && want 0 && grep -q '^{"index":0' kept && [ ! -s out ] || return 1
    mkdir ann && echo precious >ann/1.ppm.png
    run --annotate ann none/1.ppm && want 2 && mentions "ann/1.ppm.png" && [ "$(cat ann/1.ppm.png)" = precious ] &&
        [ ! -s out ] || return 1
    run --annotate ann --force none/1.ppm && want 0 && [ "$(head -c 4 ann/1.ppm.png)" = $'\x89PNG' ] && no_litter .
}
sources_are_never_replaced() {
    mkdir src && picture src/p.ppm && run --annotate src --annotate-format same src/p.ppm && want 0 || return 1
    mv src/p.ppm.png src/q.png && cp src/q.png src/saved
    run --annotate src --force src/q.png && want 2 && mentions "src/q.png" && cmp src/q.png src/saved || return 1
    run --force -o src/q.png src/q.png && want 2 && mentions "one of the inputs" && cmp src/q.png src/saved
}
annotated_names_do_not_collide() {
    mkdir -p tw/a tw/b && picture tw/a/x.ppm && picture tw/b/x.ppm
    run --annotate tw/out tw/a/x.ppm tw/b/x.ppm && want 2 && mentions "tw/a/x.ppm" && mentions "tw/b/x.ppm" &&
        [ ! -e tw/out ] && [ ! -s out ] || return 1
    run --annotate tw/out tw && want 0 && [ -s tw/out/a/x.ppm.png ] && [ -s tw/out/b/x.ppm.png ] || return 1
    run --annotate tw/out --force -f ndjson tw && want 0 && lines 2 out # tw/out is no input
}
a_picture_that_cannot_be_annotated_keeps_its_result() {
    mkdir -p blocked/in/sub blocked/out && picture blocked/in/1.ppm && picture blocked/in/sub/2.ppm && : >blocked/out/sub
    run -f ndjson --annotate blocked/out blocked/in && want 3 && lines 2 out && [ -s blocked/out/1.ppm.png ] &&
        ! grep -q '"error":' out && mentions "warning: detect: blocked/out/sub/2.ppm.png: blocked/out/sub: " &&
        mentions ", 1 picture could not be written; " || return 1
    rm -r blocked/in/sub blocked/out && for i in 2 3 4 5 6; do cp blocked/in/1.ppm "blocked/in/$i.ppm"; done
    mkdir blocked/out && for i in 1 2 3 4 5; do mkdir -p "blocked/out/$i.ppm.png"; done # folders where pictures go
    run -q --force -f ndjson --annotate blocked/out blocked/in && want 3 && lines 6 out && ! grep -q '"error":' out &&
        [ -s blocked/out/6.ppm.png ] && [ "$(grep -c '^warning: detect: blocked/out/' err)" -eq 3 ] && lines 4 err && no_litter blocked
}
classes_are_checked() {
    run -c persn none/1.ppm && want 2 &&
        says "detect: --classes: unknown class 'persn'; did you mean 'person'?" && [ ! -s out ] || return 1
    run -x "aeroplane,banana peel" none/1.ppm && want 2 && mentions "--except: unknown class 'banana peel'" || return 1
    run -c dog -x dog none/1.ppm && want 2 && mentions "no class is left" || return 1
    run -f ndjson -t 0.0001 none/1.ppm && want 0 && cp out all && run -f ndjson -t 0.0001 -c "dog,TV monitor" none/1.ppm &&
        want 0 && ! grep -q '"class":"person"' out && grep -q '"class":"\(dog\|tv\)"' out
}
outputs_that_cannot_be_written_are_fatal() {
    run -o none/1.ppm/x.json none/1.ppm && want 1 && mentions "none/1.ppm/x.json" && [ ! -s out ] || return 1
    run -o nowhere/x.json none/1.ppm && want 1 && mentions "nowhere/x.json" && [ ! -e nowhere ] || return 1
    run --annotate /proc/duet none/1.ppm && want 1 && mentions /proc/duet && [ ! -s out ] || return 1
    code=0
    "$detect" -f ndjson none/1.ppm >/dev/full 2>err || code=$?
    : >out
    want 1 && mentions "No space left on device" || return 1
    code=0
    "$detect" -f ndjson none/1.ppm >&- 2>err || code=$?
    want 1 && [ "$(grep -c . err)" -eq 1 ] || return 1
    run -f yolo none/1.ppm && want 2 && says "detect: --format yolo: needs a folder to write into, given by -o" &&
        [ ! -s out ] || return 1
    run --annotate none/empty/readme none/1.ppm && want 2 && mentions "detect: none/empty/readme: is no folder"
}
devices_are_written_to_not_replaced() {
    run -f ndjson -o /dev/stdout none/1.ppm && want 0 && lines 1 out || return 1
    run -f ndjson -o /dev/null none/1.ppm && want 0 && [ -c /dev/null ] || return 1
    run -f ndjson -o /dev/full none/1.ppm && want 1 && [ -c /dev/full ] && mentions "No space left on device"
}
folders_of_results_work() {
    run -f yolo -o yolo -t 0.0001 walk && want 0 && [ -s yolo/b.txt ] && [ -s yolo/sub/a.txt ] && [ -s yolo/sub/deep/c.txt ] || return 1
    run -f voc -o voc -t 0.0001 none/1.ppm && want 0 && [ -n "$(ls voc)" ] && no_litter .
}
image_ids_come_from_the_instances_file() {
    printf '{"images":[{"id":77,"file_name":"b.ppm"}]}' >instances.json
    run -f coco -t 0.0001 --coco-images instances.json walk/b.ppm && want 0 && grep -q '"image_id": *77' out || return 1
    run -f coco walk/b.ppm && want 2 && mentions walk/b.ppm && [ ! -s out ] || return 1
    run -f coco --coco-images none/1.ppm walk/b.ppm && want 1 && [ ! -s out ] || return 1
    run -f csv --coco-images instances.json walk/b.ppm && want 2 && mentions "is for --format coco"
}
results_do_not_depend_on_threads() {
    local i format threads
    mkdir many && for i in 1 2 3; do picture "many/$i.ppm" $((i * 137)) $((i * 93)); done
    for format in ndjson table coco csv; do
        for threads in 1 2 9; do # 9: more than pictures
            [ $threads -lt 9 ] || [ $format = ndjson ] || continue
            run -q -t 0.0001 -f $format -j $threads -a "many-$format-$threads" many/{1,2,3}.ppm && want 0 &&
                mv out "many.$format.$threads" || return 1
            same "many.$format.1" "many.$format.$threads" && diff -r "many-$format-1" "many-$format-$threads" || return 1
        done
    done
}
# Enough work to be in the middle of, whatever the machine: one picture, 3000 times.
endless() {
    [ ! -d endless ] || return 0
    picture once.ppm && mkdir endless && yes once.ppm | head -n 3000 | xargs cat |
        split -b "$(stat -c %s once.ppm)" -d -a 5 --additional-suffix=.ppm - endless/x
}
has_temporary() { [ -n "$(find . -maxdepth 1 -name ".$1.*.tmp")" ]; }
is_full() { ! printf x | dd of="$1" oflag=nonblock conv=notrunc status=none 2>/dev/null; }
# A shell without job control starts background jobs with SIGINT ignored: undo that.
background() { env --default-signal=INT "$detect" "$@" >out 2>err </dev/null & pid=$!; }
interrupted_lines_are_whole() {
    local threads pid
    endless
    for threads in 1 3; do
        : >out
        background -f ndjson -j $threads endless
        wait_for 60 has_lines 3 out && kill -INT $pid
        code=0
        wait $pid || code=$?
        want 130 && mentions "detect: interrupted after $(wc -l <out) of 3000 pictures" || return 1
        [ "$(grep -c '^{"index":.*}$' out)" -eq "$(wc -l <out)" ] && [ -z "$(tail -c 1 out | tr -d '\n')" ] || return 1
    done
}
interrupted_files_are_whole() {
    local pid
    endless
    background -f coco -t 0.0001 -o cut.json endless
    wait_for 60 has_temporary cut.json && sleep 0.7 && kill -TERM $pid
    code=0
    wait $pid || code=$?
    want 143 && mentions "detect: interrupted after " && no_litter . || return 1
    [ "$(head -c 1 cut.json)" = "[" ] && [ "$(tail -c 2 cut.json)" = "]" ]
}
more_signals_end_the_waiting_for_a_reader() {
    local pid
    endless
    mkfifo full
    exec 9<>full # a reader that never reads: 64 KB fit in between
    env --default-signal=INT "$detect" -f ndjson -t 1e-8 endless >full 2>err </dev/null &
    pid=$!
    wait_for 60 is_full full && kill -INT $pid && sleep 0.3 && kill -0 $pid && kill -INT $pid
    code=0
    wait $pid || code=$?
    exec 9>&-
    : >out
    want 130 && mentions "standard output: cannot write: " && lines 1 err
}
catches_int() { # PID: SIGINT does not kill it any more
    local caught
    caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status") && [ $((0x$caught & 2)) -ne 0 ]
}
until_it_polls() { # PID: or ten seconds, where /proc does not tell
    local tries=100
    until grep -qs poll /proc/"$1"/task/*/wchan || [ $((tries -= 1)) -le 0 ]; do sleep 0.1; done
}
waiting_for_input_can_be_interrupted() {
    local pid
    mkfifo never
    exec 9<>never # a picture that never comes
    env --default-signal=INT "$detect" -f ndjson -o waited.json - <never >out 2>err &
    pid=$!
    wait_for 60 catches_int $pid && until_it_polls $pid && kill -INT $pid
    code=0
    wait $pid || code=$?
    exec 9>&-
    want 130 && says "detect: interrupted after 0 of 1 picture" && no_litter . && [ ! -s waited.json ]
}
waiting_for_names_can_be_interrupted() { # nothing is done yet: the signal kills
    local pid arguments
    mkfifo dry
    for arguments in @dry "-f coco --coco-images dry ." "-f coco --coco-images dry @dry"; do
        env --default-signal=INT "$detect" -o unnamed.json $arguments >out 2>err </dev/null &
        pid=$!
        sleep 0.3 && kill -INT $pid
        for _ in {1..200}; do kill -0 $pid 2>/dev/null || break; sleep 0.1; done
        kill -KILL $pid 2>/dev/null && echo "still waits 20 s after SIGINT"
        code=0
        wait $pid || code=$?
        want 130 && no_litter . && [ ! -e unnamed.json ] || return 1
    done
}
the_bar_is_for_terminals() { # script(1) gives the program one
    endless
    head -n 60 <(printf '%s\n' endless/*) >sixty.txt
    local command="'$detect' -f ndjson -o tty.json --force @sixty.txt bad/missing.jpg"
    TERM=xterm script -qec "$command" /dev/null >tty </dev/null
    grep -q $'\r *[0-9]*% \\[=*>* *\\] [0-9]*/61 .*\e\\[K' tty && tr '\r' '\n' <tty | grep -q $'^\e\\[Kdetect: bad/missing.jpg: ' &&
        tr -d '\r' <tty | grep -q 'detect: 61 pictures' || { cat -v tty; return 1; }
    TERM=dumb script -qec "$command" /dev/null >tty </dev/null
    ! grep -q '%' tty && grep -q 'detect: 61 pictures' tty || return 1
    TERM=xterm script -qec "$command --quiet" /dev/null >tty </dev/null
    ! grep -q '%' tty && [ "$(wc -l <tty)" -eq 1 ] # the missing one
}
a_closed_pipe_is_quiet() {
    "$detect" -f ndjson endless 2>err </dev/null | head -n 1 >out
    code=${PIPESTATUS[0]}
    want 141 && lines 1 out && [ ! -s err ]
}

cd "$work" || exit 1
thresholds_are_read_by_class() {
    "$DUET_BIN/scene" -q -s 320x240 -o signs && rm -rf signs/masks || return 1
    printf '{"classes":[{"id":6,"threshold":1},{"id":13,"threshold":0.1},{"id":9999,"threshold":0}]}' >points.json
    run -q -f csv --thresholds points.json signs/scene_0000.png && want 0 && ! grep -q ,bus, out &&
        grep -q ',stop sign,' out && grep -q ,airplane, out || return 1
    printf '{"classes":[{"id":6,"threshold":7}]}' >points.json
    run --thresholds points.json signs/scene_0000.png && want 1 && mentions "classes[0]" && [ ! -s out ] || return 1
    echo '{' >points.json
    run --thresholds points.json signs/scene_0000.png && want 1 && mentions "points.json:2"
}

check "help is for people" help_is_for_people
check "the version is told" version_is_told
check "mistakes are usage errors" mistakes_are_usage_errors
check "a missing model is fatal" a_missing_model_is_fatal
if [ -z "$models" ]; then
    skip "detect with a model" "no model: build/bin/models fetch ssdlite-coco"
    finish
fi
DUET_MODELS=$models
export DUET_MODELS
for name in what_the_scene_shows_is_found awkward_names_are_kept folders_are_walked patterns_and_lists_work standard_input_is_a_picture \
    bad_files_do_not_stop_the_others nothing_found_is_a_valid_result existing_results_are_kept \
    sources_are_never_replaced annotated_names_do_not_collide a_picture_that_cannot_be_annotated_keeps_its_result \
    classes_are_checked outputs_that_cannot_be_written_are_fatal devices_are_written_to_not_replaced \
    folders_of_results_work image_ids_come_from_the_instances_file results_do_not_depend_on_threads \
    interrupted_lines_are_whole interrupted_files_are_whole waiting_for_input_can_be_interrupted waiting_for_names_can_be_interrupted more_signals_end_the_waiting_for_a_reader \
    the_bar_is_for_terminals a_closed_pipe_is_quiet; do
    check "${name//_/ }" $name
done
check "thresholds are read by class" thresholds_are_read_by_class
finish
