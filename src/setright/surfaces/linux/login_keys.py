"""Where sshd looks for the keys of people, as shell for questions to a host. Source: sshd_config(5), AuthorizedKeysFile."""

from __future__ import annotations

# `key_files` prints account, tab, file for each that there is. What a Match block names counts for everybody; without an answer of
# sshd's the places are those it has unless told otherwise. `read` in a loop takes
# every byte by itself.
KEY_FILES = r"""key_files() {
  p=$({ sshd -T 2>/dev/null; cat /etc/ssh/sshd_config; find /etc/ssh/sshd_config.d -name '*.conf' -exec cat {} +; } \
    2>/dev/null | sed -n 's/^[[:space:]]*authorizedkeysfile[[:space:]=]*//Ip' |
    tr -d '"\r' | tr ' \t' '\n\n' | sort -u | grep -vx none | tr '\n' ' ')
  awk -F: -v p="${p:-.ssh/authorized_keys .ssh/authorized_keys2}" 'BEGIN { k = split(p, all, " +") } NF > 5 {
    for (i = 1; i <= k; i++) { f = all[i]; if (f == "") continue
      if (index(f, "%")) { gsub(/%u/, $1, f); gsub(/%U/, $3, f); gsub(/%h/, $6, f); gsub(/%%/, "%", f) }
      print $1 "\t" (f ~ /^\// ? f : $6 "/" f) } }' /etc/passwd | sort -u |
  tr '\n' '\0' | xargs -0 sh -c 'for r do [ ! -f "${r#*	}" ] || printf "%s\n" "$r"; done' sh
}
"""
