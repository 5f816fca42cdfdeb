"""What is run beside a step, in its place: small scripts for any POSIX `sh`, with any `tar`.

Paths come as arguments, so nothing in them is ever read as a command or an option: those that are
relative begin with `./`. Each script writes what it found to the file that is its first argument,
because exit codes and messages of tools differ.
"""

from __future__ import annotations

REPORT = "report"
"""The file of findings, in the exchange directory."""
NO_TAR = "no tar"

CHECK = r"""
report=$1 own=$2 number=0
cd -P "$2" 2>/dev/null && [ "$PWD" = "$2" ] && base=$PWD || base=
shift 2
for path; do
  shift
  number=$((number + 1)) state=ok
  if [ -z "$base" ] || { [ ! -e "$path" ] && [ ! -L "$path" ]; }; then
    state=missing
  elif ! (cd -P "${path%/*}" 2>/dev/null && case $PWD/ in "$base"/*) ;; *) exit 1 ;; esac); then
    state=outside
  elif [ "$follow" ] && [ -L "$path" ]; then
    if [ ! -e "$path" ]; then
      state=missing
    else
      real=$(readlink -f "$path" && echo .) || exit 1
      case ${real%??}/ in "$base"/*) ;; *) state=outside ;; esac
    fi
  fi
  echo "$number $state" >> "$report"
  [ "$state" != ok ] || set -- "$@" "$path"
done
"""
"""Arguments: report, directory, paths in it. Leaves those that can be taken as `$@`, and the
directory as the current one. With `follow`, symlinks must lead to something in the directory. The
directory's path has no symlink in it, unless a step has put one there: then nothing is there."""

CHECK_ONLY = f"follow=1\n{CHECK}"

CAPTURE = f"""follow=
{CHECK}
if [ $# -gt 0 ]; then
  command -v tar > /dev/null 2>&1 || {{ echo "0 {NO_TAR}" >> "$report"; exit 0; }}
  tar -cf - "$@" || exit
fi
"""
"""Writes an archive of those paths that are there to standard output."""

DISCARD = r"""
cd / && rm -rf "$own" 2> /dev/null || [ -L "$own" ] || {
  chmod -R u+rwx "$own"; rm -rf "$own"
} 2> /dev/null
exit 0
"""
"""Removes the directory `$own`; what it cannot remove goes with the run."""

CAPTURE_AND_DISCARD = f"""{CAPTURE}
[ $# -eq "$number" ] || exit 0
{DISCARD}"""
"""A step whose outputs are not all there has failed: its directory is for who looks why."""
DISCARD_ONLY = f"own=$2\n{DISCARD}"

MAKE = 'umask 022; mkdir "$2"'
"""Arguments: report, directory."""

ARCHIVE = "archive"
"""The file of what is to be unpacked, or of a part of it, in the exchange directory."""

APPEND = f'cat "${{1%/*}}/{ARCHIVE}" >> "$2"'
"""Arguments: report, file to append to."""

UNPACK = f"""
report=$1 archive=${{3:-${{1%/*}}/{ARCHIVE}}}
umask 022; mkdir "$2" && cd "$2" || exit
command -v tar > /dev/null 2>&1 || {{ echo "0 {NO_TAR}" >> "$report"; exit 0; }}
umask 0; tar -xof "$archive" || exit
for list in "${{report%/*}}"/mode-*; do
  [ ! -f "$list" ] || xargs -0 chmod "${{list##*-}}" < "$list" || exit
done
rm -f "$archive"
"""
"""Arguments: report, directory, archive where that is not in the exchange directory.

There may be lists of paths, each ended by a NUL: `mode-<number>-<mode>`. `-o`: as root, too, the
files belong to who unpacks them.
"""
