"""The system's tables of cron, /etc/crontab and /etc/cron.d/*: their jobs name an account. Source: crontab(5).

    {"entries": [{"name": "PATH", "value": "/usr/sbin:/usr/bin"},
                 {"when": "17 * * * *", "user": "root", "command": "run-parts /etc/cron.hourly"}]}

In order, since a setting counts for the jobs below it. Blanks between the five times are made one.
"""

from __future__ import annotations

from setright.lenses._crontab import Table

TABLE = Table(names_users=True)
get, put, span = TABLE.get, TABLE.put, TABLE.span
