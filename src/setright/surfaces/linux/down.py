"""What services that start with the host, and are down just now, would listen on, by their own configuration.

Sources: systemctl(1) show, systemd.socket(5), nginx(8), sshd(8), postconf(1), ports.conf of Apache.
"""

from __future__ import annotations

import re

from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

# S service; K service whose ports are known, then R its place and the words behind it; L socket's place and sort.
DOWN = Ask(
    "run",
    r"""[ -d /run/systemd/system ] || exit 13
cd / && set -- $(for t in multi-user graphical default sockets basic sysinit network network-online; do
  for d in etc/systemd/system/$t.target.wants etc/systemd/system/$t.target.requires run/systemd/generator*/$t.target.wants; do
    ls -d $d/*.service $d/*.socket
  done
done 2>/dev/null | sed 's,.*/,,'; ls -d run/systemd/generator/*.service.wants/*.service 2>/dev/null | sed 's,.*/,,')
[ $# -gt 0 ] || exit 0
nginx_at() { said=$(cat /etc/nginx/nginx.conf /etc/nginx/conf.d/*.conf /etc/nginx/sites-enabled/* 2>/dev/null |
    sed 's/#.*//' | tr '\n\t' '  ' | tr ';{}' '\n\n\n' | sed -n 's/^ *\(listen\|include\)  */\1 /p')
  if printf '%s\n' "$said" | sed -n 's#^include \(/etc/nginx/\)\{0,1\}##p' |
    grep -qv '^\(conf[.]d\|[a-z]*-enabled\|modules[a-z.-]*\|snippets\|mime[.]types\|[a-z]*_params\|fastcgi\)'; then return 1; fi
  printf '%s\n' "$said" | sed -n 's/^listen //p' | grep .; }
apache_at() { cat /etc/apache2/ports.conf /etc/apache2/*-enabled/*.conf /etc/httpd/conf/*.conf /etc/httpd/conf.d/*.conf |
    sed -n 's/^[[:space:]]*[Ll]isten[[:space:]]\{1,\}//p' | grep .; }
sshd_at() { sshd -T 2>/dev/null | sed -n 's/^listenaddress //p' | grep .; }
postfix_at() { said=$(postconf -M 2>/dev/null) && [ -n "$said" ] || return 1
  case $(postconf -hx inet_interfaces 2>/dev/null) in loopback-only|localhost|127.0.0.1) return 0 ;; esac
  printf '%s\n' "$said" | awk '$2 == "inet" {print $1}' | while read -r n; do p=${n##*:}
    case $p in *[!0-9]*) p=$(getent services "$p/tcp" | sed 's,.* \([0-9]*\)/.*,\1,');; esac
    case $n in *:*) echo "${n%:*}:$p" ;; *) echo "$p" ;; esac; done; }
systemctl show -p Id -p Type -p LoadState -p ActiveState -p SubState -p TriggeredBy -p ConditionResult \
  -p ConditionTimestampMonotonic -p Listen -- $(printf '%s\n' "$@" | sort -u) | awk '
BEGIN {RS = ""; FS = "\n"}
{ split("", v); n = 0
  for (i = 1; i <= NF; i++) { k = w = $i; sub(/=.*/, "", k); sub(/^[^=]*=/, "", w); if (k == "Listen") at[n++] = w; else v[k] = w }
  if (v["LoadState"] != "loaded" || v["ActiveState"] !~ /^(failed|inactive)$/ && v["SubState"] != "auto-restart") next
  if (v["ConditionResult"] == "no" && v["ConditionTimestampMonotonic"] > 0) next
  if (v["Id"] ~ /[.]socket$/) { for (i = 0; i < n; i++) print "L\t" at[i] }
  else if (v["Type"] !~ /^(oneshot|idle)$/ && v["TriggeredBy"] == "") print "S\t" v["Id"] }' | while IFS='	' read -r sort unit; do
  printf '%s\t%s\n' "$sort" "$unit"; [ "$sort" = S ] || continue
  case $unit in nginx.service) how=nginx ;; apache2.service|httpd.service) how=apache ;; ssh.service|sshd.service) how=sshd ;;
    postfix.service|postfix@-.service) how=postfix ;; *) continue ;; esac
  told=$(${how}_at) && { echo "K	$unit"; [ -z "$told" ] || printf '%s\n' "$told" | sed "s/^/R	$how	/"; }
done; true""",
)
ASKS = (DOWN,)
LOCAL = re.compile(r"127\.|localhost$|\[?::1\]?$")


def would_listen(evidence: Evidence) -> list[str]:
    """``tcp/80``, in the order of numbers."""
    rows = [line.split("\t") for line in evidence.lines(DOWN)]
    told = {_place(*row[1:]) for row in rows if row[0] in PLACES and len(row) == PLACES[row[0]]}
    return sorted(told - {""}, key=lambda port: (int(port[4:]), port))


def dark(evidence: Evidence) -> list[str]:
    """Services of which nobody here can tell what they would listen on."""
    rows = [line.split("\t") for line in evidence.lines(DOWN)]
    told = {row[1] for row in rows if row[0] == "K"}
    return sorted({row[1] for row in rows if row[0] == "S"} - told)


PLACES = {"R": 3, "L": 2}


def _place(*words: str) -> str:
    """The port, or nothing where it is this host's alone or none."""
    sort, said = words if len(words) == 2 else ("socket", words[0])
    place, *rest = said.split() or [""]
    address, _, port = place.rpartition(":") if re.search(r":\d+$", place) else ("", "", place)
    if not port.isdecimal():
        address, port = place, "80" if sort == "nginx" and not place.startswith("unix:") else ""
    if not port or LOCAL.match(address) or not 0 < int(port) < 65536:
        return ""
    return f"{'udp' if 'quic' in rest or '(Datagram)' in rest else 'tcp'}/{port}"
