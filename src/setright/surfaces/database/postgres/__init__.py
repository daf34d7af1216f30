"""PostgreSQL servers as a surface: settings, roles and pg_hba.conf over one SQL connection.

Source: PostgreSQL documentation 12-17, chapters "Server Configuration" and "Client Authentication".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from setright.surfaces.database.postgres.surface import Postgres


def open_postgres(url: str) -> Postgres:
    """The surface behind ``postgres://user@host:port/db``; the password comes from the environment or pgpass.

    Raises SurfaceError where nobody answers or the login is refused.
    """
    from setright.surfaces.database.postgres.surface import Postgres  # psycopg is loaded by those who connect, not by --help

    return Postgres(url)
