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

from setright.bindings.examples import documents
from setright.engine.catalogue import Catalogue, content_root, load_catalogue
from setright.engine.scan import bindings_for, judge_reading
from setright.model import Reading

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
    rate, reading = judging(load_catalogue([content_root()]))
    print(f"{COUNT} controls, first start (YAML)       {cold * 1000:8.1f} ms")
    print(f"{COUNT} controls, cached                   {cached * 1000:8.1f} ms")
    print(f"{COUNT} controls, cached and all compiled  {built * 1000:8.1f} ms")
    print(f"judgements a second                      {rate:8.0f}")
    print(f"share of a scan spent reading and parsing {reading * 100:6.0f} %")


def thousand(root: Path) -> None:
    """Copies of the shipped controls under ids of their own, until there are enough."""
    shipped = content_root()
    shutil.copytree(shipped / "bindings", root / "bindings")
    shutil.copytree(shipped / "baselines", root / "baselines")
    files = sorted((shipped / "controls").rglob("*.yaml"))
    for number in range(COUNT):
        file = files[number % len(files)]
        place = file.relative_to(shipped / "controls").with_suffix("")
        new = root / "controls" / f"copy-{number}" / f"{place}.yaml"
        new.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(file.read_text().replace(f"id: {place}", f"id: copy-{number}/{place}", 1))


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


def judging(catalogue: Catalogue) -> tuple[float, float]:
    """Judgements a second over 20,000 pods, and the share of the whole that reading and parsing take."""
    controls = [catalogue.control(i) for i in catalogue.ids() if catalogue.control(i).kind == "k8s/workload"]
    binding = catalogue.bindings["k8s/workload"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "nginx:1.25", "securityContext": {"privileged": True}}]},
    }
    given = {}
    for number in range(2000):
        pod["metadata"]["name"] = f"p{number}"  # type: ignore[index]
        (document,) = documents(binding, "kubernetes", json.dumps(pod)).values()
        given[f"{number}.json"] = type(document)(f"{number}.json", document.data, "json")
    bindings = bindings_for(catalogue.bindings, ("kubernetes",), controls)
    none = timed(lambda: judge_reading("bench", Reading(tuple(given.values())), bindings, []))
    world = judge_reading("bench", Reading(tuple(given.values())), bindings, []).world
    judged = timed(lambda: sum(1 for _ in world.judged(controls)))
    count = sum(1 for _ in world.judged(controls))
    return count / judged, none / (none + judged)


if __name__ == "__main__":
    main()
