"""Words that start a program which surely writes to the root of its container: it installs, builds, or keeps files where it stands.

npm-cache(1); go help environment (GOCACHE, GOPATH); The Cargo Book, Cargo Home; Rails Guides, The Command Line (bin/rails server);
Celery, Periodic Tasks (celerybeat-schedule).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.bindings.layouts._image_needs import covers
from setright.model import Plain, Tree
from setright.patterns import SomeOf, late

INSTALLS = late(
    r"\b(?:apt-get|apt|apk|yum|dnf|pip3?|gem)\s+(?:-\S+\s+)*(?:install|add|update|upgrade)\b|\b(?:user|group)(?:add|mod)\b|\badduser\b"
)
BUILDS = late(  # tools whose caches lie in the home of their user, whatever is mounted over the code
    r"\bgo\s+(?:build|generate|get|install|mod|run|test)\b|\bcargo\s+(?!--version)\S|(?:^|[\s/])(?:mvnw?|gradlew?|sbt|lein)\s+\S"
    r"|\bdotnet\s+(?:build|publish|restore|run|test|watch)\b|\b(?:npm|pnpm|bun)\s+(?:ci|i|install)\b|\bnpx\s+\S|\byarn\s+(?:add|install)\b"
    r"|\b(?:bundle|composer|pipenv|poetry)\s+(?:-\S+\s+)*install\b|\buv\s+(?:pip|sync)\b"
)
STANDS = late(  # programs that write to the directory in which they are started
    r"\brails\s+(?:s|server)\b(?!.*\s(?:-P|--pid))|\bcelery\b[^&|;]*\s(?:beat|-B|--beat)\b(?!.*\s(?:-s|-S|--schedule|--scheduler)\b)"
    r"|\bmanage\.py\s+(?:collectstatic|makemigrations)\b|\b(?:jekyll|gatsby|vite|nuxt|ng|next)\s+(?:build|dev|develop|serve)\b"
    r"|\b(?:npm|pnpm|bun|yarn)\s+(?:[^\s&|;]+\s+){0,4}?(?:\w+:)*(?:build|dev|watch)\b"
)
DATA = late(  # folders in an application's directory, by their names, which hold what it keeps and not the application
    r".*/(?:\.cache|\.next|backups?|bundle|cache|config|data|db|gems|images|logs?|media|node_modules|plugins|pids|public|secrets|sessions"
    r"|sockets|static|storage|temp|tmp|uploads?|vendor|\.?venv)"
)

JAVA = SomeOf(
    r"\bjava\b|\bj(?:dk|re)(?:\b|\d)|\bjvm|-jar\b|\.jar\b|temurin|openjdk|corretto|semeru|zulu|\bjib\b|graalvm|spring|\b(?:mvnw?|maven|gradlew?)\b|tomcat"
    r"|jetty|wildfly|jboss|payara|keycloak|kafka|zookeeper|elasticsearch|opensearch|logstash|cassandra|neo4j|\bsolr|sonarqube|nexus|jenkins"
    r"|graylog|metabase|\btika\b|wiremock|zipkin|\bspark\b|flink|hadoop|\bhive\b|hbase|druid|trino|presto|\bnifi|activemq|artemis|nacos"
    r"|seata|skywalking|dynamodb-local|kafdrop|ksql|debezium|schema-registry|\bh2\b|hazelcast|ignite|unifi"
)
OF_JAVA = late(r"\b(?:JAVA|JVM|CATALINA|JDK|MAVEN|GRADLE|SPRING|KAFKA|ES)_(?:\w+_)?(?:OPTS|OPTIONS|PROFILES_ACTIVE|HOME|ARGS)\b")


PUTS = late(  # a place that a shell writes to, or that a command changes, its last word
    r">[>|]?\s*(?P<into>/[^\s;&|\"']+)|\b(?:chmod|chown|cp|ln|mkdir|mv|sed\s+-i\S*|tee|touch)\s[^;&|\n]*?(?P<last>/[^\s;&|\"']+)(?=\s*(?:$|[;&|\"'\n]))"
)
ANYWAY = ("/dev", "/proc", "/tmp")  # noqa: S108 - in the container, where /tmp is memory then


def sign(words: Sequence[str], directory: str, mounted: Sequence[str]) -> str:
    """What tells it; empty for nothing. It may keep files in a volume, and in a directory that is not told."""
    spoken = " ".join(str(each) for each in words)
    if found := INSTALLS.search(spoken) or BUILDS.search(spoken):
        return found[0].strip()
    put = (each["into"] or each["last"] for each in PUTS.finditer(spoken))
    if place := next((path for path in put if not any(covers(own, path) for own in (*ANYWAY, *mounted))), ""):
        return f"writing {place}"
    found = STANDS.search(spoken)
    is_on_volume = any(covers(each, directory) if directory else not DATA.fullmatch(each) for each in mounted)
    return found[0].strip() if found and not is_on_volume else ""


def is_at_work(words: Sequence[str]) -> bool:
    """Whether it builds, or compiles what it serves each time that changes, which takes memory."""
    spoken = " ".join(str(each) for each in words)
    return bool(BUILDS.search(spoken) or STANDS.search(spoken))


def is_java(service: Tree, made: Sequence[Mapping[str, Plain]] | None) -> bool:
    """Whether it is a program in Java, which loads libraries from where it unpacked them: Docker lets none run in memory."""
    said = (*(service.get(key, "") for key in ("image", "build", "entrypoint", "command")), *(each["value"] for each in made or ()))
    return bool(JAVA.search(" ".join(map(str, said)).lower()) or OF_JAVA.search(str(service.get("environment", ""))))
