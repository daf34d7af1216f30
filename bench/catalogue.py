"""How long 1,000 controls take to load, and how many judgements a second: python -m bench.catalogue

The 1,000 are copies of the shipped ones under other ids. "cached" is what every start after the first pays.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

from setright.bindings.examples import example_documents
from setright.engine.catalogue import Catalogue, content_root, load_catalogue
from setright.engine.scan import bindings_for, judge_reading
from setright.model import Document, Plain, Reading

COUNT = 1000
ROUNDS = 7


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "content"
        thousand(root)
        cold = timed(lambda: load_catalogue([root]))
        cache = Path(folder) / "cache"
        load_catalogue([root], cache)
        cached = timed(lambda: load_catalogue([root], cache))
        built = timed(lambda: build_all(load_catalogue([root], cache)))
    good, reading = judging(load_catalogue([content_root()]), True)
    bad, reading_bad = judging(load_catalogue([content_root()]), False)
    print(f"{COUNT} controls, first start (YAML)       {cold * 1000:8.1f} ms")
    print(f"{COUNT} controls, cached                   {cached * 1000:8.1f} ms")
    print(f"{COUNT} controls, cached and all compiled  {built * 1000:8.1f} ms")
    print(f"judgements a second, resources that hold  {good:7.0f}    reading's share of the time {reading * 100:3.0f} %")
    print(f"judgements a second, resources that fail  {bad:7.0f}    reading's share of the time {reading_bad * 100:3.0f} %")


def thousand(root: Path) -> None:
    """Copies of the shipped controls under ids of their own, until there are enough."""
    shipped = content_root()
    shutil.copytree(shipped / "bindings", root / "bindings")
    shutil.copytree(shipped / "baselines", root / "baselines")
    files = sorted((shipped / "controls").rglob("*.yaml"))
    for number in range(COUNT):
        file = files[number % len(files)]
        place = file.relative_to(shipped / "controls").with_suffix("")
        new = root / "controls" / f"{place}-{number}.yaml"
        new.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(file.read_text().replace(f"id: {place}", f"id: {place}-{number}", 1))


def timed(work: object) -> float:
    """Median seconds."""
    spent = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()  # type: ignore[operator]
        spent.append(time.perf_counter() - start)
    return median(spent)


def build_all(catalogue: Catalogue) -> None:
    for control_id in catalogue.ids():
        catalogue.control(control_id)


def judging(catalogue: Catalogue, right: bool) -> tuple[float, float]:
    """Judgements a second over 2,000 pods that hold to what can be held to, or to nothing; and reading's share of the whole."""
    controls = [catalogue.control(i) for i in catalogue.ids() if catalogue.control(i).kind == "k8s/workload"]
    binding = catalogue.bindings["k8s/workload"]
    given = []
    for number in range(2000):
        (document,) = example_documents(binding, "kubernetes", json.dumps(pod(number, right))).values()
        given.append(Document(f"{number}.json", document.data, "json"))
    bindings = bindings_for(catalogue.bindings, ("kubernetes",), controls)
    read = timed(lambda: judge_reading("bench", Reading(tuple(given)), bindings, []))
    world = judge_reading("bench", Reading(tuple(given)), bindings, []).world
    judged = timed(lambda: sum(1 for _ in world.judged(controls)))
    return sum(1 for _ in world.judged(controls)) / judged, read / (read + judged)


def pod(number: int, right: bool) -> Plain:
    safe = {"runAsNonRoot": True, "runAsUser": 20000, "privileged": False, "allowPrivilegeEscalation": False}
    safe |= {"readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}
    sizes = {"cpu": "100m", "memory": "64Mi"}
    image = "registry.example/app:1.25@sha256:" + "ab" * 32
    probe = {"tcpSocket": {"port": 8080}}
    container = {"name": "c", "image": image, "imagePullPolicy": "Always", "securityContext": safe}
    container |= {"resources": {"requests": sizes, "limits": sizes}, "livenessProbe": probe, "readinessProbe": probe}
    spec = {"automountServiceAccountToken": False, "containers": [container]}
    bad = {"hostNetwork": True, "containers": [{"name": "c", "image": "nginx", "securityContext": {"privileged": True}}]}
    metadata = {"name": f"p{number}", "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec if right else bad}


if __name__ == "__main__":
    main()
