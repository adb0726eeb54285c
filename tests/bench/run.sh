#!/usr/bin/env bash
# Every figure of RESULTS.md, measured now and printed as Markdown:
#   tests/bench/run.sh [BUILD] >figures.md        some two minutes; best on an idle machine
# Under real-time priority where that is allowed, as without it figures of two threads on a shared machine say little.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$root/build}
bin=$build/bin
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
chrt -f 10 true 2>/dev/null && priority=(chrt -f 10) || priority=()

figure() { # TITLE COMMAND...: the command as a reader would type it, then what it prints
    local title=$1
    shift
    echo "## $title"
    echo
    echo "    ${*/#"$bin/"/}"
    echo
    "${priority[@]}" "$@" 2>&1 | sed 's/^/    /'
    echo
}

# Milliseconds from process start to exit, the median of 31; cold in the sense of a new process, warm in the page cache.
start_to_exit() { # COMMAND...
    local from to times=()
    for _ in {1..31}; do
        from=${EPOCHREALTIME/[.,]/}
        "$@" >/dev/null || return 1
        to=${EPOCHREALTIME/[.,]/}
        times+=($((to - from)))
    done
    printf '%s\n' "${times[@]}" | sort -n | awk '{ t[NR] = $1 / 1000 } END { printf "median %.1f ms, best %.1f, worst %.1f of %d\n", t[int((NR + 1) / 2)], t[1], t[NR], NR }'
}
export -f start_to_exit

threads=$(nproc)
levels=$("$bin/bench" kernels --ms 1 --json map5.box.predict | sed -E 's/.*"level":"([a-z0-9]+)".*/\1/')

echo "# Figures"
echo
echo "- $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $threads processors; load $(cut -d' ' -f1-3 /proc/loadavg)"
echo "- commit $(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown), priority: ${priority[*]:-normal}"
echo
for model in ssdlite-coco deeplabv3-voc; do
    for level in $levels; do
        [ "$level" != scalar ] || continue
        for n in 1 $([ "$threads" -gt 1 ] && echo "$threads"); do
            figure "$model, $level, $n thread(s)" "$bin/bench" --cpu "$level" --threads "$n" --reps 40 --warmup 8 "$model"
        done
    done
    figure "$model, step by step" "$bin/bench" --profile "$model"
    figure "$model, not fused" "$bin/bench" --unfused "$model"
    for split in 1 2 4 8; do
        figure "$model, split $split ways" "$bin/bench" --split "$split" "$model"
    done
done
for level in $levels; do
    figure "Kernels, $level" "$bin/bench" kernels --cpu "$level"
done
figure "COCO evaluator" "$bin/bench" eval
figure "Pictures a second, boxes" "$bin/bench" batch
figure "Pictures a second, masks" "$bin/bench" batch -m deeplabv3-voc -n 16
photo=$root/data/scene/detected.jpg
figure "Cold start: one JPEG, 1 thread" bash -c 'start_to_exit "$@"' - "$bin/detect" -q -j 1 "$photo"
