#!/usr/bin/env bash
# What --help says, of every program and command: printed alike, and an option of one name has one letter.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
cd "$work" || exit 1

programs=(bench detect evaluate models scene segment viewer)
commands_of() { "$DUET_BIN/$1" --help | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on && /^  [a-z]/ { print $1 }'; }

: >all
for program in "${programs[@]}"; do
    [ -x "$DUET_BIN/$program" ] || continue # there is no viewer without SDL
    echo "$program" >>all
    commands_of "$program" | sed "s/^/$program /" >>all
done

help_is_printed() { # PROGRAM [COMMAND]
    local program=$1
    shift
    "$DUET_BIN/$program" "$@" --help >out 2>err </dev/null || { echo "exit code $?"; return 1; }
    [ ! -s err ] && head -n 1 out | grep -q "^Usage: $program${1:+ $1}" && grep -q '^Exit status:$' out || { cat out err; return 1; }
    ! grep -nE ' $' out && ! awk 'length($0) > 80 { print; found = 1 } END { exit !found }' out || return 1
    # Every example is a command line of this very program or of one that goes before it.
    sed -n '/^Examples:/,/^$/p' out | sed '1d;/^$/d' | grep -vE "(^|[ /])($(IFS='|'; echo "${programs[*]}")) " && { echo "no such program"; return 1; }
    sed -nE "s/^  (-(.), |    )--([a-z0-9-]+).*/\3 \2/p" out | sed "s/\$/\t$program${1:+ $1}/" >>letters
    return 0
}
# The exceptions: -s is the size of an input, and of segment's output (and then --size has none); -n is what a
# command is most often told to have N of: of frames scene, but not viewer.
letters_agree() {
    grep -vE '^(size|output-stride|max-detections|detections|pictures|frames) ' letters | sort -u | awk -F'\t' '
        { split($1, word, " "); name = word[1]; letter = word[2] == "" ? "none" : "-" word[2]
          if (name in known && known[name] != letter) { print "--" name ": " known[name] " of " of[name] ", " letter " of " $2; bad = 1 }
          else { known[name] = letter; of[name] = $2 } }
        END { exit bad }'
}

while read -r program command; do
    check "${program}${command:+ $command}" help_is_printed $program $command
done <all
check "an option has one letter everywhere" letters_agree
finish
