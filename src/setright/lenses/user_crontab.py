"""An account's own table of cron, as in /var/spool/cron/crontabs: as `crontab`, but no job names an account. Source: crontab(5).

{"entries": [{"name": "MAILTO", "value": ""}, {"when": "@reboot", "command": "$HOME/bin/start"}]}
"""

from __future__ import annotations

from setright.lenses._crontab import Table

TABLE = Table(names_users=False)
get, put, span = TABLE.get, TABLE.put, TABLE.span
