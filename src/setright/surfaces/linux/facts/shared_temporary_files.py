"""Do programs of different accounts share a file or pipe in a folder for everybody? Evidence: open files, their owners."""

from __future__ import annotations

from setright.surfaces.linux.seen import ListingFact
from setright.surfaces.linux.transport import Ask

OFTEN = True
SHARED = Ask(
    "run",
    r"""[ -r /proc/1/maps ] || exit 13
opened=$(find /proc/[0-9]*/fd -maxdepth 1 ! -uid 0 \( -lname '/tmp/*' -o -lname '/var/tmp/*' -o -lname '/dev/shm/*' \) \
  -printf '%U\t%l\n' 2>/dev/null | sort -u | while IFS='	' read -r u file; do
  if [ -f "$file" ] || [ -p "$file" ]; then printf '%s\t%s\n' "$u" "$file"; fi
done)
{ printf '%s\n' "$opened" | cut -f 2- | sort -u | tr '\n' '\0' | xargs -r0 stat -c 'is	%u	%n' -- 2>/dev/null
  printf '%s\n' "$opened" | sed 's/^/opened\t/'; } | awk -F '\t' '
  { file = substr($0, length($1) + length($2) + 3) }
  $1 == "is" { owner[file] = $2 }
  $1 == "opened" && file != "" && owner[file] != $2 { print file }' | sort -u
find /tmp /var/tmp /dev/shm -maxdepth 2 -type p 2>/dev/null; true""",
)
SEEN = ListingFact(
    SHARED,
    source="/proc/PID/fd, find",
    found="{} is shared",
    none="no program has another account's file in /tmp, /var/tmp or /dev/shm open, and no pipe is there",
    unknown="who shares files in /tmp",
)
asks, answer = SEEN.asks, SEEN.answer
