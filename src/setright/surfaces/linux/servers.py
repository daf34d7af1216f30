"""Steps for web and mail servers, as data: their own checkers on a copy of their folder, how they read it anew, what they answer.

The copy has links to all that does not change, since such configurations name keys, modules and data beside them.
Sources: nginx(8), apache2(8), postfix(1), postconf(1), doveconf(1), ss(8), openssl-s_client(1).
"""

from __future__ import annotations

from setright.surfaces.linux.checker import Checker

APACHE = """if [ -e /etc/apache2/apache2.conf ]; then
  command -v apache2 >/dev/null || exit 0
  cp -asn /etc/apache2/. {main}/apache2/ 2>/dev/null
  . /etc/apache2/envvars; mkdir -p "$APACHE_RUN_DIR" "$APACHE_LOCK_DIR"
  apache2 -t -d {main}/apache2 -f apache2.conf
elif command -v httpd >/dev/null; then
  cp -asn /etc/httpd/. {main}/httpd/ 2>/dev/null
  httpd -t -d {main}/httpd -f conf/httpd.conf
fi
"""
POSTFIX = """command -v postconf >/dev/null || exit 0
d=$(dirname {main}); cp -asn /etc/postfix/. "$d" 2>/dev/null; chmod 755 "$d"
said=$(postconf -c "$d" -n 2>&1 >/dev/null | grep -E '(fatal|error):') && { printf '%s\\n' "$said" >&2; exit 1; }
postfix -c "$d" check
"""
NGINX = """command -v nginx >/dev/null || exit 0
cp -asn /etc/nginx/. "$(dirname {main})" 2>/dev/null
nginx -t -q -c {main}
"""
DOVECOT = """command -v doveconf >/dev/null || exit 0
cp -asn /etc/dovecot/. "$(dirname {main})" 2>/dev/null
doveconf -n -c {main} >/dev/null
"""


def _within(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names)


# What it listens on changes only when it starts again.
POSTFIX_RELOAD = """command -v postfix >/dev/null && postfix status 2>/dev/null || exit 0
case $(postconf -hx inet_interfaces 2>/dev/null) in
  loopback-only | localhost | 127.0.0.1 | '[::1]') want=here ;;
  *) want=others ;;
esac
is=$(ss -Hltnp 2>/dev/null | awk '/"master"/ { if ($4 !~ /^(127[.]|[[]::1[]])/) o = 1 } END { print o ? "others" : "here" }')
if [ "$want" = "$is" ]; then postfix reload 2>/dev/null
elif [ -d /run/systemd/system ]; then systemctl restart postfix
else postfix stop 2>/dev/null; postfix start 2>/dev/null >/dev/null; fi
"""
CHECKERS = {
    "nginx-t": Checker(
        main="/etc/nginx/nginx.conf",
        files=(
            *_within("/etc/nginx", "*.conf", "conf.d/*.conf", "default.d/*.conf", "snippets/*.conf", "vhosts.d/*.conf"),
            *_within("/etc/nginx", "modules-enabled/*.conf", "sites-enabled/*"),
            "/etc/letsencrypt/*.conf",
        ),
        command=NGINX,
        include=rb"(?m)^([ \t]*include[ \t]+)([^;\r\n]*)",
        folder="/etc/nginx",
    ),
    "apache-t": Checker(
        main="/etc",
        files=(
            *_within("/etc/apache2", "*.conf", "conf-enabled/*", "mods-enabled/*", "sites-enabled/*"),
            *_within("/etc/httpd", "*.conf", "conf/*.conf", "conf.d/*.conf", "conf.modules.d/*.conf"),
            "/etc/letsencrypt/*.conf",
        ),
        command=APACHE,
        include=rb"(?im)^([ \t]*(?:Include(?:Optional)?|ServerRoot)[ \t]+)([^\r\n]*)",
        folder="/etc/apache2",
    ),
    "postfix-check": Checker(main="/etc/postfix/main.cf", files=_within("/etc/postfix", "main.cf", "master.cf"), command=POSTFIX),
    "doveconf-n": Checker(
        main="/etc/dovecot/dovecot.conf",
        files=("/etc/dovecot/*.conf", "/etc/dovecot/conf.d/*.conf"),
        command=DOVECOT,
        include=rb"(?m)^([ \t]*!include(?:_try)?[ \t]+)([^\r\n]*)",  # those without / start from the file that they stand in
    ),
}
RELOADS = {
    "apache-reload": """u=apache2; [ -e /etc/apache2/apache2.conf ] || u=httpd
if [ -d /run/systemd/system ]; then if systemctl -q is-active $u; then systemctl reload $u; fi
else service $u status >/dev/null 2>&1 && service $u reload >/dev/null || true; fi
""",
    "postfix-reload": POSTFIX_RELOAD,
}
# Each port that the program listens on, and whether it speaks TLS there; mail ports are asked to begin it.
ANSWERS = """ss -Hltnp 2>/dev/null | awk -v names='%s' '$6 ~ "\\\\(\\"(" names ")\\"" {
  p = $4; sub(/.*:/, "", p); a = substr($4, 1, length($4) - length(p) - 1)
  if (a == "0.0.0.0" || a == "*") a = "127.0.0.1"; else if (a == "[::]") a = "[::1]"
  if (!(p in seen)) { seen[p] = 1; print p, a } }' | sort -n | while read -r p a; do
  case $p in 25 | 587) how="-starttls smtp" ;; 143) how="-starttls imap" ;; 110) how="-starttls pop3" ;; *) how= ;; esac
  echo "port $p listens"
  if command -v openssl >/dev/null && timeout 5 openssl s_client -connect "$a:$p" $how </dev/null 2>/dev/null |
    grep -q 'Cipher is [^(]'; then echo "port $p speaks TLS"; fi
done
"""
PROGRAMS = {"nginx": "nginx", "apache": "apache2|httpd", "postfix": "master", "dovecot": "dovecot"}
PROBES = {f"{name}-answers": ANSWERS % programs for name, programs in PROGRAMS.items()}
