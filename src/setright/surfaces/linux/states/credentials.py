"""Are there passwords that everybody guesses first, or that cannot be right? Source: shadow(5), crypt(5); the Mirai source's list.

    {"checked": 2, "known": ["pi"], "from-the-future": ["ops"], "not-checked": 3}

The host hashes a few words with each account's own salt and compares; neither hashes nor words leave it. Words: the account's
name alone, twice, and with 1, 12, 123 or 1234 behind it, `GUESSES`, and what devices and images ship with. Only so many accounts
are looked at, since a good hash takes long; the others are counted, and then nobody can say that there is none. perl-base is
essential on Debian and Ubuntu.
"""

from __future__ import annotations

import json

from setright.model import Tree, Unknown
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

GUESSES = ("password", "changeme", "123456")
SHIPPED = {"root": ("toor", "calvin"), "pi": ("raspberry",), "oracle": ("welcome1",), "postgres": ("postgres1",)}
MOST_ACCOUNTS, MOST_SECONDS = 8, 4
WHY_NOT = f"a scan takes the first {MOST_ACCOUNTS}, and {MOST_SECONDS} seconds at most; look at the others by hand"
PROGRAM = """use strict; my %shipped = (SHIPPED); my (@known, @future, $checked, $left) = ();
my ($today, $end) = (int(time / 86400), time + SECONDS); $checked = $left = 0;
open(my $file, "<", "/etc/shadow") or exit 13;
while (my $line = <$file>) {
  my ($name, $hash, $changed) = split /:/, $line;
  next unless defined $hash && $name =~ /^[A-Za-z0-9_][\\w.-]*$/;
  push @future, $name if ($changed // "") =~ /^[0-9]+$/ && $changed > $today + 1;
  next unless $hash =~ /^\\$|^[^!*]{13}$/;
  if ($checked >= ACCOUNTS || time > $end) { $left++; next }
  $checked++;
  for my $word ($name, "$name$name", (map { "$name$_" } 1, 12, 123, 1234), GUESSES, @{$shipped{$name} || []}) {
    my $made = crypt($word, $hash);
    if (defined $made && $made eq $hash) { push @known, $name; last }
  }
}
print "checked $checked\\nleft $left\\n", (map { "known $_\\n" } @known), (map { "future $_\\n" } @future);"""


def _program() -> str:
    words = ", ".join(json.dumps(word) for word in GUESSES)
    shipped = ", ".join(f"{name} => [{', '.join(json.dumps(word) for word in own)}]" for name, own in SHIPPED.items())
    filled = PROGRAM.replace("SHIPPED", shipped).replace("GUESSES", words)
    return filled.replace("ACCOUNTS", str(MOST_ACCOUNTS)).replace("SECONDS", str(MOST_SECONDS))


NO_PERL = "ended with 127"
CANNOT = Unknown("no perl is there to hash words with; look at the passwords by hand")
GUESSED = Ask("run", f"command -v perl >/dev/null || exit 127\nperl - <<'END_OF_PROGRAM'\n{_program()}\nEND_OF_PROGRAM")
ASKS = (GUESSED,)


def tell(evidence: Evidence) -> Tree | None:
    """None where nothing runs, or we may not look."""
    if any(each.error == NO_PERL for each in evidence.all(GUESSED)):
        return {"known": CANNOT, "from-the-future": CANNOT}
    if not evidence.ran(GUESSED) or evidence.failed(GUESSED):
        return None
    told: Tree = {}
    for line in evidence.lines(GUESSED):
        key, _, value = line.partition(" ")
        if key in ("checked", "left"):
            told["checked" if key == "checked" else "not-checked"] = int(value)
        else:
            told.setdefault("known" if key == "known" else "from-the-future", []).append(value)
    if told.get("not-checked"):
        told.setdefault("known", Unknown(f"{told['not-checked']} of the accounts with a password were not tried: {WHY_NOT}"))
    return told
