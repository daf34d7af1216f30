"""Many files of one answer in one archive: a process for all of them, not one each. Source: tar(1) of GNU.

The script names what it packs, one ``question<tab>name`` a line, and an empty line; then comes the archive. Files of /proc and
/sys, whose size nobody knows beforehand, larger ones than may come, and all on hosts without a tar that takes names from a list
(that of busybox may not) are each read by itself.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

# Rows stand in a variable: their names hold no control characters, or `each` had left them out. To a terminal, which sudo may want,
# tar writes no archive.
SCRIPT = r"""
nl='
'
packed= packs=; ! TAR_OPTIONS='' tar -cf - -T /dev/null >/dev/null 2>&1 || packs=yes
file() {
  [ -e "$2" ] || return
  if [ -n "$packs" ] && [ ! -L "$2" ] && [ -f "$2" ] && [ -r "$2" ]; then
    case $2 in /proc/* | /sys/* | *\\*) ;; *) packed="$packed$1	$2$nl"; return ;; esac
  fi
  if [ -L "$2" ]; then begin "$1" "$2	$(readlink -f -- "$2")"; else begin "$1" "$2"; fi
  if [ -d "$2" ]; then end folder; elif [ ! -f "$2" ]; then end irregular
  elif [ ! -r "$2" ]; then end barred
  else head -c "$limit" -- "$2" 2>/dev/null; end $?; fi
}
pack() (
  [ -n "$packed" ] || exit 0
  packs= rows= names= small=$nl
  IFS=$nl; set -f
  for row in $packed; do names="$names${row#*	}$nl"; done
  for row in $(stat -c '%s	%n' -- $names); do [ "${row%%	*}" -ge "$limit" ] || small="$small${row#*	}$nl"; done
  for row in $packed; do
    case $small in *"$nl${row#*	}$nl"*) rows="$rows$row$nl" ;; *) file "${row%%	*}" "${row#*	}" ;; esac
  done
  [ -n "$rows" ] || exit 0
  begin files -; printf '%s\n' "$rows"; printf '%s' "${small#?}" | TAR_OPTIONS='' tar -cf - -T - | cat; end 0
)
"""


def files(data: bytes) -> Iterator[tuple[int, str, bytes | None]]:
    """The question, the name and what the file holds; None where the archive has it not."""
    rows, _, archive = data.partition(b"\n\n")
    held = dict(_held(archive))
    for row in rows.decode(errors="surrogateescape").splitlines():
        number, _, name = row.partition("\t")
        yield int(number), name, held.get(name)


def _held(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """What is there twice, or under two names, stands once, and then as a link to it."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:", errors="surrogateescape") as opened:
            for member in opened:
                if (file := opened.extractfile(member)) is not None:
                    yield f"/{member.name.lstrip('/')}", file.read()
    except (tarfile.TarError, KeyError):  # cut short: what came before it counts
        return
