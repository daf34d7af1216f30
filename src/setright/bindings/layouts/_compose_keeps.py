"""Where a service of which little is known surely keeps data: by its environment, or as a database whatever its image is called.

docs.docker.com, Volumes; the documentation of the databases named here: each writes to files of its own when it starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from posixpath import dirname, normpath

from setright.bindings.layouts._image_needs import READ_ANYWAY, covers
from setright.patterns import late

NAMED = late(  # variables that tell where something is written
    r"(?:\w+_)?(?:BACKUPS?|CACHE|DATA|DATABASE|DB|LOGS?|PERSIST\w*|SQLITE|STATE|STOR\w*|UPLOADS?)_?(?:\w+_)?"
    r"(?:DIR|DIRECTORY|FILE|FOLDER|LOCATION|PATH|ROOT)"
)
SQLITE = late(r"sqlite(?:\+\w+)?:///(?P<path>/[^?\s]+)")
DATABASES = late(
    r"(?:.*[/_-])?(?:aerospike|arangodb?|cassandra|clickhouse|chroma|cockroach|couchbase|couchdb|crate|db2|dgraph|elasticsearch|etcd|falkordb|firebird"
    r"|foundationdb|hana\w*|influxdb|informix|kafka|ldap|mariadb\w*|mongo|mongod|mongodb|mssql|mysql|mysqld|neo4j|openldap|opensearch|oracle|patroni|percona"
    r"|postgres|postgresql|qdrant|questdb|redpanda|rethinkdb|scylla|scylladb|slapd|solr|spilo|surrealdb|vertica|weaviate|zookeeper)(?:[-_].*)?"
)
ELSE = late(
    r".*(?:admin|agent|backup|client|commander|dashboard|exporter|express|gui|init|manager|migrat|operator|proxy|tools|ui|web).*"
)
NO_PLACE = ("/bin", "/lib", "/sbin", "/usr", *READ_ANYWAY)


def told(environment: Iterable[tuple[str, str]], taken: Sequence[str]) -> list[str]:
    """The folders that variables tell for what is written, and nothing holds yet."""
    found = [_folder(name, value) for name, value in environment]
    new = [normpath(path) for path in found if path and not any(covers(own, path) for own in (*taken, *NO_PLACE))]
    return [path for path in dict.fromkeys(new) if path != "/"]


def is_database(image: str, program: str) -> bool:
    """Whether the image or the program that it starts is called like one that keeps its data in files."""
    name = image.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    name = head if colon and "/" not in tag else name
    last = name.rpartition("/")[2].lower()
    return any(DATABASES.fullmatch(each) and not ELSE.fullmatch(each) for each in (last, program.rpartition("/")[2].lower()))


def _folder(name: str, value: str) -> str:
    if found := SQLITE.search(value):
        return dirname(found["path"])
    if not NAMED.fullmatch(name.upper()) or not value.startswith("/") or set(value) & set("$:, "):
        return ""
    is_file = name.upper().endswith("FILE") or "." in value.rpartition("/")[2]
    return dirname(value) if is_file else value.rstrip("/")
