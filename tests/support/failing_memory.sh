# failing_memory.sh: sourced after tap_lib.sh by tests that make every allocation of a program fail, one at a time.
#
#     run() { "${failing[@]}" "$DUET_BIN/models" show --json "$work/model" >"$work/got"; }
#     check "models show --json" sweep run 1
#
# `sweep RUN STEP` calls RUN once to learn what it leaves in $work/got and how many allocations there are, then for
# every STEP-th of them with that one failing. Each time the program must end within 20 s: with 0 and the same
# $work/got, or with 1, 2 or 3 and a reason on standard error. Up to 5 faults are named.
failing=(env)
failing_module=$DUET_BUILD_DIR/tests/failing_memory.so

sweep() { # RUN STEP
    local run=$1 step=$2 count n code faults=0
    rm -f "$work/got"
    failing=(env "LD_PRELOAD=$failing_module" "DUET_COUNT_ALLOCATIONS=$work/count")
    "$run" 2>"$work/said" || { echo "$run: exit code $? with all the memory it wants"; cat "$work/said"; return 1; }
    count=$(cat "$work/count")
    [ -s "$work/got" ] && [ "$count" -gt 10 ] || { echo "$run: nothing in got, $count allocations"; return 1; }
    mv "$work/got" "$work/good"
    for ((n = 1; n <= count; n += step)); do
        failing=(timeout -s KILL 20 env "LD_PRELOAD=$failing_module" "DUET_FAIL_ALLOCATION=$n")
        "$run" 2>"$work/said"
        code=$?
        if [ $code -eq 0 ]; then
            cmp -s "$work/got" "$work/good" && continue
            echo "$run: allocation $n of $count fails: exit code 0, but other output:"
            diff "$work/good" "$work/got" | head -5 | cut -c 1-200
        elif [ $code -le 3 ]; then
            [ -s "$work/said" ] && continue
            echo "$run: allocation $n of $count fails: exit code $code without a reason"
        else
            echo "$run: allocation $n of $count fails: exit code $code"
        fi
        faults=$((faults + 1))
        [ $faults -lt 5 ] || break
    done
    echo "$run: $count allocations"
    failing=(env)
    [ $faults -eq 0 ]
}

# Why sweeps cannot be run here; empty when they can.
failing_unable() {
    [ -e "$failing_module" ] || { echo "the module needs glibc, and no sanitizer"; return; }
    "${failing[@]}" LD_PRELOAD="$failing_module" true 2>&1 | head -1
}
