"""What well-known programs need of the cluster and the kernel, told by words in image names and command lines.

A word here only ever keeps a fear open: what is not known to need something is told by the rest of the manifest. Sources:
Docker's default seccomp profile (moby/profiles/seccomp), capabilities(7), prctl(2) PR_SET_NO_NEW_PRIVS, and the programs' own
installation guides for Kubernetes.
"""

from __future__ import annotations

from setright.model import Plain, Tree, Unknown
from setright.patterns import SomeOf, late

API = SomeOf(
    r"kube|k8s|operator|controller|in-?cluster|serviceaccount|pod_?namespace|prometheus|grafana-agent|alloy|fluent(?:d|-?bit)|promtail|filebeat"
    r"|metricbeat|telegraf|opentelemetry|otel|collector|datadog|newrelic|dynatrace|splunk|appdynamics|instana|heapster|cadvisor"
    r"|metrics-server|dashboard|ingress|traefik|contour|haproxytech|istio|\bpilot|linkerd|consul|vault|envoy-gateway|skydns|coredns"
    r"|etcd-backup|cert-manager|external-(?:dns|secrets)|argo|flux|tekton|spinnaker|jenkins|runner|buildkite|drone|helm|tiller|autoscaler"
    r"|descheduler|kured|reloader|sidecar|rook|velero|keda|knative|dapr|openshift|rancher|weave|calico|cilium|flannel|multus|csi|provisioner"
    r"|snapshotter|attacher|registrar|leader-elect|patroni|spilo|stolon|zalando|strimzi|rabbitmq|hazelcast|ignite|akka|cassandra"
    r"|spark|flink|airflow|prefect|dagster|dask|\bray\b|seldon|gatekeeper|\bopa\b|kyverno|falco|trivy|polaris|sonobuoy|chaos|litmus|agent"
    r"|portworx|storageos|longhorn|openebs|gluster|heketi|ceph|spire|nats|portainer|lens|octant|k9s|infinispan|wildfly|jgroups|vitess|tidb"
)
GAINS_RIGHTS = SomeOf(
    r"\b(?:sudo|su|doas|pkexec|ping6?|fping|newgrp|passwd|crontab|fusermount3?|chsh|setcap)\b|smokeping|nagios|icinga|zabbix|vault|coredns"
    r"|ingress|postfix|exim|sendmail|mailserver|mailcow|cron\b|jupyter|notebook|code-server|devcontainer|workspace|theia|gitpod|coder\b|bastion"
    r"|sshd?\b|openssh|singularity|apptainer|fuse|slurm|munge|cups|chrom|puppeteer|playwright|selenium|browserless|electron|buildah|podman"
    r"|rootless|runner|jenkins|ansible|sandbox|judge|isolate|mpi\b|openmpi|blackbox|uptime|statping|caddy|adguard|step-ca|telegraf|heartbeat"
    r"|netdata|technitium|pgadmin|varnish|unbound|kong\b|pihole|pi-hole|librenms|observium|cacti|check-?mk|stalwart"
    r"|\bhana|saplabs|\bdb2|informix|sybase|vertica\b|netezza|oracle-(?:xe|free|db|database)|oracle\.com/database"
)
RAW_SOCKETS = SomeOf(
    r"\b(?:ping6?|fping|hping3?|arping|traceroute6?|tracepath|mtr|arp|nc?map|nmap|tcpdump|tshark|dumpcap|dhclient|dhcpd?|udhcp[cd]|bird6?|frr)\b"
    r"|wireshark|dnsmasq|keepalived|vrrp|vip|quagga|metallb|speaker|calico|cilium|flannel|weave|multus|canal|antrea|istio|linkerd|consul-k8s"
    r"|blackbox|smokeping|nagios|icinga|zabbix|uptime|statping|netshoot|multitool|nettool|toolbox|suricata|snort|zeek|scapy|zmap|masscan|vpn"
    r"|wireguard|tailscale|openvpn|strongswan|ipsec|pihole|pi-hole|homeassistant|home-assistant|unifi|packetbeat|sniff|kismet|ipmi|glusterfs"
)
DEEP_SYSCALLS = SomeOf(
    r"\b(?:unshare|nsenter|bwrap|bubblewrap|strace|gdb|lldb|perf|bpftrace|bpftool|numactl|keyctl|mount|insmod|modprobe|chroot|hwclock|ntpd?"
    r"|runc|crun|runsc|qemu[\w-]*|swapon|sysctl|iptables|nft|ip6tables|dmesg|setarch|userfaultfd|ethtool|rr)\b|chrom|puppeteer|playwright"
    r"|selenium|browserless|headless-shell|electron|buildkit|buildah|podman|dockerd|dind|(?<![\w.-])docker(?![\w./-])|kaniko"
    r"|img\b|rootless|sysbox|gvisor|firecracker|kvm|kata"
    r"|libvirt|virt-|flatpak|snap\b|nsjail|judge|piston|sandbox|isolate|criu|ebpf|bcc\b|falco|tracee|pixie|parca|pyroscope|profiler|async-prof"
    r"|chrony|ptp|systemd|nfs|ganesha|gluster|ceph|csi|cvmfs|autofs|kerberos|krb5|sssd|afs|wine|steam|gaming|scylla|dpdk|sgx|oracle|db2|hana"
    r"|node-?feature|node-problem|device-plugin|gpu-operator|dcgm|kubelet|kube-proxy|containerd|crio|cri-o|calico|cilium|flannel|weave|istio"
    r"|singularity|apptainer|slurm|openmpi|mpi\b"
)
LOADED = late(r"(?:^|[-_.:/])(?:local(?:host|dev)?|minikube|kind|k3d|e2e)(?:$|[-_.:/])")
FILLED_IN = late(r"\{\{.*?\}\}|\$\([^)]*\)|\$\{[^}]*\}|\$\w+|<[^<>]*>|%\S*?%|@@\S*?@@")
CALLERS = late(  # images that are there to call the API; a controller may be one of other things
    r"(?:.*/)?(?:.+[-_])?(?:operator|provisioner|autoscaler|descheduler|controller-manager|kubectl|attacher|resizer|snapshotter)"
    r"|(?:.*/)?(?:kube-(?:state-metrics|rbac-proxy)|metrics-server|external-dns|cert-manager-\w+|(?:.+-)?k8s-sidecar|tiller|kured|reloader)"
)
ARCHITECTURE = late(r"[-_](?:linux[-_])?(?:amd64|arm64|arm|ppc64le|s390x)$")
CONTROLLER = late(r"(?:.*[/_-])?controller")
LEADS = late(r"metadata\.namespace|leader-?elect|kube-?config|in-?cluster")
ASKS_API = late(
    r"(?:^|[\s;&|(])(?:/\S*/)?kubectl [^;&|\n]*?\b"
    r"(?:get|apply|create|delete|patch|scale|label|annotate|rollout|exec|wait|logs)\b"
)
# The same in options and in values of the environment, which for the most part name what a program talks to, not what it is.
VALUES_OF_API = late(
    r"kube|k8s|operator|in-?_?cluster|serviceaccount|pod_?namespace|metadata\.namespace|leader[_-]?elect|vault|conjur|spire|istio|dapr"
)
VALUES_OF_RIGHTS = late(r"\b(?:sudo|su|doas|setcap)\b|chrom|puppeteer|playwright|browserless|--headless|ansible")
VALUES_OF_PACKETS = late(r"vrrp|wireguard|openvpn|tailscale|ipsec|net_raw|dhcp")
VALUES_OF_CALLS = late(r"chrom|puppeteer|playwright|browserless|--headless|krb5|kerberos|keyring|rootless|sandbox|io_uring|numa")
INJECTS = late(r"inject|vault|consul|linkerd|istio|dapr|conjur|akeyless|kuma|instrumentation")
OFFICIAL = late(  # of the Docker library: a name without an organisation that a registry surely has
    r"(?:library/)?(?:alpine|busybox|debian|ubuntu|fedora|centos|rockylinux|almalinux|amazonlinux|nginx|httpd|haproxy|traefik|caddy|varnish"
    r"|tomcat|jetty|redis|valkey|memcached|mysql|mariadb|percona|postgres|mongo|mongo-express|cassandra|couchdb|couchbase|neo4j|influxdb"
    r"|telegraf|chronograf|elasticsearch|logstash|kibana|rabbitmq|nats|zookeeper|kafka|solr|wordpress|drupal|joomla|ghost|nextcloud|adminer"
    r"|phpmyadmin|registry|vault|consul|node|python|golang|ruby|php|perl|openjdk|eclipse-temurin|amazoncorretto|maven|gradle|rust|docker"
    r"|jenkins|sonarqube|hello-world|bash|buildpack-deps|odoo|redmine|mediawiki|matomo|nuxeo|storm|spark|flink|gcc|swift|haskell)"
)
STATELESS = late(  # serve what is mounted, and lose nothing when they start again
    r"(?:.*/)?(?:nginx|nginx-slim|nginx-unprivileged|httpd|apache2?|caddy|lighttpd|haproxy|traefik|envoy|varnish|pause|busybox|alpine"
    r"|(?:test-)?webserver|hello-\w+|whoami|echo-?server|http-echo|agnhost|frontend|php|php-fpm|php-apache)"
)
LISTENING = {  # where images of the Docker library and their likes listen as they come (EXPOSE; the defaults of their options)
    80: "nginx nginx-slim httpd caddy wordpress drupal joomla phpmyadmin nextcloud test-webserver whoami php-apache gb-frontend "
    "httpbin azure-vote-front",
    8080: "tomcat jetty adminer keycloak jenkins nginx-unprivileged wildfly echoserver nginx-hello kubernetes-bootcamp swagger-ui "
    "sealed-secrets-controller miniflux",
    9080: "examples-bookinfo-productpage-v1 examples-bookinfo-details-v1 examples-bookinfo-ratings-v1 examples-bookinfo-ratings-v2 "
    "examples-bookinfo-reviews-v1 examples-bookinfo-reviews-v2 examples-bookinfo-reviews-v3",
    3306: "mysql mariadb percona",
    5432: "postgres postgis timescaledb",
    6379: "redis valkey keydb",
    9000: "sonarqube minio",
    9200: "elasticsearch opensearch",
    27017: "mongo mongodb",
    2181: "zookeeper",
    2368: "ghost",
    2379: "etcd",
    3000: "grafana gitea",
    4222: "nats",
    5000: "registry examples-helloworld-v1 examples-helloworld-v2",
    5601: "kibana",
    5672: "rabbitmq",
    5984: "couchdb",
    7687: "neo4j",
    8081: "mongo-express",
    8086: "influxdb",
    8200: "vault",
    8500: "consul",
    8983: "solr",
    9042: "cassandra",
    9090: "prometheus",
    9092: "kafka",
    9093: "alertmanager",
    11211: "memcached",
    28015: "rethinkdb",
    1880: "node-red",
    3001: "uptime-kuma",
    5678: "n8n http-echo",
    6333: "qdrant",
    7878: "radarr",
    7979: "external-dns",
    8000: "metrics-scraper",
    8025: "mailhog mailpit",
    8085: "cluster-autoscaler",
    8096: "jellyfin",
    8123: "clickhouse-server home-assistant",
    8989: "sonarr",
    9091: "pushgateway",
    9100: "node-exporter",
    9104: "mysqld-exporter",
    9113: "nginx-prometheus-exporter",
    9115: "blackbox-exporter",
    9121: "redis_exporter",
    9187: "postgres-exporter postgres_exporter",
    9376: "serve_hostname serve-hostname",
    9402: "cert-manager-controller",
    9898: "podinfo",
    11434: "ollama",
}
PORTS = {name: port for port, names in LISTENING.items() for name in names.split()}
CONFIGURATION = late(r"/etc|/.*\bconf")
LISTENS = late(r"(?i)port|listen|bind|addr|sock|conf|:\d")
PORT_OF = late(r"PORT$|LISTEN|BIND|ADDR")
HOST = late(r"(?P<host>[^/]*[.:][^/]*|localhost)/")
OF_MAKERS = late(r"^(?:kubernetes|google[-_]containers|(?:kubernetes-)?e2e-test-images)/")
SHOWS = late(r"demos?\b|\b(?:examples?|samples?|tutorials?|hello)(?![a-z])")
WITHDRAWN = late(r"(?:(?:index\.)?docker\.io/)?bitnami/.*:(?!latest$).*")  # left Docker Hub in 2025; nodes may have some still
DEVELOPERS_OWN = late(r"localhost\b|127\.|\[::1\]|.*\.local(?::|$)|host\.docker\.internal|kind-registry|minikube")


def program(image: str) -> str:
    """An image's name without its registry and without its version, in lower case."""
    bare = HOST.sub("", image.partition("@")[0], count=1)
    name, _, _ = bare.rpartition(":") if ":" in bare.rpartition("/")[2] else (bare, "", "")
    return OF_MAKERS.sub("", name.lower(), count=1)


def speaking(image: str) -> str:
    """What of an image's name tells what its program does: of what shows how something is used not who shows it."""
    maker, _, name = program(image).rpartition("/")
    return name if SHOWS.search(maker.rpartition("/")[2]) or SHOWS.search(name) else program(image)


def told_of_name(image: Plain) -> str:
    """What of an image's name nothing else fills in, where that is what its program is called; empty where it is not.

    Who deploys fills in registries, projects and versions.
    """
    text = image.text if isinstance(image, Unknown) else image if isinstance(image, str) else ""
    if not FILLED_IN.search(text):
        return text
    *ahead, last = FILLED_IN.sub("\0", text).partition("@")[0].split("/")
    name = last.partition(":")[0]
    is_told = name and "\0" not in name and (ahead or ":" in last)
    return "/".join([*(each for each in ahead if "\0" not in each and "." not in each), name]) if is_told else ""


def usual_port(container: Tree) -> int | None:
    """Where a well-known program listens when nothing tells it otherwise: no words of another program or port, no configuration."""
    image, mounts = container.get("image"), container.get("volumeMounts")
    mounted = [str(each.get("mountPath")) for each in mounts if isinstance(each, dict)] if isinstance(mounts, list) else []
    if not isinstance(image, str) or any(CONFIGURATION.match(each) for each in mounted):
        return None
    name = program(image).rpartition("/")[2]
    return None if _is_told_otherwise(container, name) else PORTS.get(name)


def _is_told_otherwise(container: Tree, name: str) -> bool:
    words, variables = [container.get(key) or [] for key in ("command", "args")], container.get("env") or []
    command, told = ([str(word) for word in each] if isinstance(each, list) else ["?"] for each in words)
    named = [str(each.get("name")) for each in variables if isinstance(each, dict)] if isinstance(variables, list) else ["PORT"]
    own = (name, f"{name}-server", f"{name}d")
    starts_other = bool(command) and command[0].rpartition("/")[2] not in own
    if not command and told and not told[0].startswith("-"):
        starts_other = told[0].rpartition("/")[2] not in own
    says = any(LISTENS.search(each) for each in (*command, *told))
    return starts_other or says or any(PORT_OF.search(each) for each in named)


def keeps_nothing(image: Plain) -> bool:
    """Whether it is a program that has no data of its own, whatever is mounted."""
    return isinstance(image, str) and STATELESS.fullmatch(program(image)) is not None


def surely_calls_api(image: str, said: str, values: str) -> bool:
    """Whether a program is there to call the Kubernetes API, by its image's name, its words, or its options and environment."""
    name = ARCHITECTURE.sub("", program(image))
    is_controller = CONTROLLER.fullmatch(name) is not None and LEADS.search(values) is not None
    return CALLERS.fullmatch(name) is not None or is_controller or ASKS_API.search(said) is not None


def is_withdrawn(image: Plain) -> bool:
    """Whether no registry of its name has the image any more."""
    return isinstance(image, str) and WITHDRAWN.fullmatch(image) is not None


def is_pulled(image: Plain) -> bool:
    """Whether an image surely comes from a registry that has it still, and not off a developer's own machine."""
    if not isinstance(image, str) or is_withdrawn(image):
        return False
    if host := HOST.match(image):
        return not DEVELOPERS_OWN.match(host["host"])
    name = program(image)
    return "/" in name or OFFICIAL.fullmatch(name) is not None


def is_loaded(container: Plain) -> bool:
    """Whether an image that is pulled only where it is missing has a name of who loads it into nodes off his own machine."""
    if not isinstance(container, dict) or container.get("imagePullPolicy") != "IfNotPresent":
        return False
    return LOADED.search(str(container.get("image")).partition("@")[0]) is not None
