"""The ports that well-known programs serve where nothing tells them of another.

github.com/prometheus/prometheus/wiki/Default-port-allocations, and the programs' own manuals.
"""

from __future__ import annotations

from collections.abc import Sequence

from setright.bindings.layouts._shell_words import base

SERVERS = {  # the port that a program listens on where its words name none
    name: port
    for port, names in {
        "80": "nginx httpd apache2 apache2ctl apachectl apache2-foreground httpd-foreground lighttpd caddy",
        "8000": "gunicorn uvicorn hypercorn daphne fastapi",
        "5000": "flask mlflow",
        "3000": "rails serve json-server grafana-server",
        "9292": "puma rackup",
        "8080": "unicorn catalina.sh http-server",
        "8501": "streamlit",
        "8888": "jupyter jupyter-lab",
        "9000": "php-fpm",
        "6379": "redis-server",
        "3306": "mysqld",
        "27017": "mongod",
        "5432": "postgres",
        "11211": "memcached",
        "5672": "rabbitmq-server",
        "22": "sshd",
        "6006": "tensorboard",
        "21": "vsftpd",
        "3128": "squid",
        "53": "named",
        "389": "slapd",
        "9090": "prometheus",
        "2379": "etcd",
    }.items()
    for name in names.split()
}
PORTS = frozenset(SERVERS.values())
PROGRAMS = {  # the same for what is started by itself: as a word of another program it may be anything
    name: port
    for port, names in {
        "1080": "maildev",
        "1880": "node-red",
        "1883": "mosquitto",
        "3000": "forgejo gitea gogs",
        "3100": "loki",
        "3141": "devpi-server",
        "3306": "mariadbd",
        "4161": "nsqlookupd",
        "4150": "nsqd",
        "4171": "nsqadmin",
        "4222": "nats-server",
        "4533": "navidrome",
        "4730": "gearmand",
        "4873": "verdaccio",
        "5006": "bokeh panel",
        "5232": "radicale",
        "5601": "kibana",
        "5984": "couchdb",
        "6379": "keydb-server valkey-server",
        "7700": "meilisearch",
        "7979": "json_exporter",
        "8000": "granian sanic",
        "8001": "datasette",
        "8025": "MailHog mailhog mailpit",
        "8069": "odoo",
        "8080": "jenkins.sh pypi-server waitress-serve wiremock xandikos",
        "8082": "luigid",
        "8086": "influxd",
        "8096": "jellyfin",
        "8123": "clickhouse-server",
        "8384": "syncthing",
        "8529": "arangod",
        "8866": "voila",
        "8983": "solr-foreground",
        "9091": "pushgateway",
        "9093": "alertmanager",
        "9100": "node_exporter",
        "9101": "haproxy_exporter",
        "9102": "statsd_exporter",
        "9103": "collectd_exporter",
        "9104": "mysqld_exporter",
        "9106": "cloudwatch_exporter",
        "9107": "consul_exporter",
        "9108": "graphite_exporter",
        "9113": "nginx-prometheus-exporter",
        "9114": "elasticsearch_exporter",
        "9115": "blackbox_exporter",
        "9116": "snmp_exporter",
        "9117": "apache_exporter",
        "9119": "bind_exporter",
        "9121": "redis_exporter",
        "9127": "pgbouncer_exporter",
        "9131": "prometheus_varnish_exporter",
        "9150": "memcached_exporter",
        "9187": "postgres_exporter",
        "9205": "nextcloud-exporter",
        "9216": "mongodb_exporter",
        "9253": "php-fpm_exporter",
        "9256": "process-exporter",
        "9290": "ipmi_exporter",
        "9308": "kafka_exporter",
        "9342": "frr_exporter",
        "9374": "smokeping_prober",
        "9558": "systemd_exporter",
        "11300": "beanstalkd",
        "27017": "mongos",
    }.items()
    for name in names.split()
}
BY_FIRST: dict[tuple[str, ...], str] = {("node", "packages/backend"): "7007"}  # where Backstage's own template starts it


def usual_port(words: Sequence[str]) -> str:
    """The port that these words of a program usually serve; empty where that is not known."""
    plain = [word for word in words if not word.startswith("-")]
    names = [base(word) for word in plain]
    usual = next((SERVERS[name] for name in names[:4] if name in SERVERS and (name != "serve" or name == names[0])), "")
    return usual or PROGRAMS.get(names[0] if names else "", "") or BY_FIRST.get(tuple(plain[:2]), "")
