import json

import pytest

from setright.controls.derive import resolve
from setright.engine.change import Lapsed, changes
from setright.engine.harness import broken_promises
from setright.engine.plan import PlanOptions, plan, plan_hash
from setright.engine.scan import scan
from setright.engine.world import World
from setright.lenses import get
from setright.model import Answer, Belonging, Document, Edit, Effect, Steps
from setright.surfaces.memory import Memory
from tests.content import BINDING, content, item, shipped

SAFE = {"require": {"a": 1}}
FEARED = {"require": {"b": 2}, "breaks-if": {"somebody uses it": "t/used:{name}"}}


def planned(catalogue, surface, **options):
    controls = [catalogue.control(i) for i in catalogue.ids()]
    return plan(scan(surface, catalogue, controls), surface, PlanOptions(**options)).plans


def memory(documents, **facts):
    return Memory(documents, ("mem",), {name.replace("_", "/"): answer for name, answer in facts.items()})


def test_several_findings_on_one_document_are_one_change(tmp_path):
    catalogue = content(tmp_path, {"t/item/a": {"require": {"a": 1}}, "t/item/b": {"require": {"b": 2}}})
    surface = memory(item("x", a=0, b=0))
    (only,) = planned(catalogue, surface)
    assert only.lane == "auto"
    assert len(only.findings) == 2
    (change,) = changes(only, surface.again(["item:x"]))
    assert json.loads(change.after) == {"name": "x", "a": 1, "b": 2}


def test_the_document_that_closes_its_kind_comes_last(tmp_path):
    binding = BINDING | {"mem": BINDING["mem"] | {"closing": "item:b"}}
    catalogue = content(tmp_path, {"t/item/a": SAFE}, binding)
    plans = planned(catalogue, memory(item("a", a=0) | item("b", a=0) | item("c", a=0)))
    assert [each.document for each in plans] == ["item:a", "item:c", "item:b"]


def test_a_service_and_what_starts_it_are_one_change(tmp_path):
    binding = BINDING | {"mem": BINDING["mem"] | {"documents": ["unit:*", "/*"]}}
    catalogue = content(tmp_path, {"t/item/a": SAFE}, binding)
    units = ("unit:a.service", "unit:b.service", "unit:a.socket", "unit:a.timer", "/a.path", "/a.service")
    there = {unit: Document(unit, json.dumps({"name": unit, "a": 0}).encode(), "json") for unit in units}
    plans = planned(catalogue, memory(there))
    assert sorted([c.locator for c in each.changes] for each in plans) == [
        ["/a.path"],
        ["/a.service"],
        ["unit:a.service", "unit:a.socket", "unit:a.timer"],
        ["unit:b.service"],
    ]


def test_what_needs_asking_stands_on_top_of_what_does_not(tmp_path):
    catalogue = content(tmp_path, {"t/item/a": SAFE, "t/item/b": FEARED})
    surface = memory(item("x", a=0, b=0))
    first, second = planned(catalogue, surface)
    assert (first.lane, second.lane) == ("auto", "ask")
    assert second.changes[0].before == first.changes[0].after


def test_the_caller_may_take_both_at_once(tmp_path):
    catalogue = content(tmp_path, {"t/item/a": SAFE, "t/item/b": FEARED})
    (both,) = planned(catalogue, memory(item("x", a=0, b=0)), together=True)
    assert both.lane == "ask"
    assert len(both.controls) == 2


@pytest.mark.parametrize(("holds", "lane"), [(True, "ask"), (False, "auto"), (None, "ask")])
def test_a_fact_clears_a_fix_or_does_not(tmp_path, holds, lane):
    catalogue = content(tmp_path, {"t/item/b": FEARED})
    surface = Memory(item("x", b=0), ("mem",), {"t/used:x": Answer(holds, "seen 3 times", "log")})
    (only,) = planned(catalogue, surface)
    assert only.lane == lane
    assert "seen 3 times" in only.reason


@pytest.mark.parametrize(
    ("tree", "lane", "evidence"),
    [
        ({"users": 0}, "auto", "users is 0"),
        ({"users": 3}, "ask", "what is there does not rule it out (users is 3)"),
        ({}, "ask", "what is there does not rule it out (users is not set)"),
    ],
)
def test_what_the_resource_itself_tells_clears_a_fix(tmp_path, tree, lane, evidence):
    feared = {"require": {"b": 2}, "breaks-if": {"somebody uses it": {"cleared-by": {"users": 0}}}}
    catalogue = content(tmp_path, {"t/item/b": feared})
    (only,) = planned(catalogue, memory(item("x", b=0, **tree)))
    assert only.lane == lane
    assert evidence in only.reason


@pytest.mark.parametrize(("teller", "lane"), [("small-cost", "auto"), ("ask", "ask")])
def test_a_small_cost_breaks_nothing(tmp_path, teller, lane):
    catalogue = content(tmp_path, {"t/item/a": {"require": {"a": 1}, "breaks-if": {"it costs too much": teller}}})
    (only,) = planned(catalogue, memory(item("x", a=0)))
    assert only.lane == lane
    assert [each[:2] for each in only.breaks_if] == [("it costs too much", teller)]


@pytest.mark.parametrize(("users", "evidence"), [(0, "users is 0"), (3, "nobody came")])
def test_a_fact_is_asked_where_the_resource_itself_does_not_tell(tmp_path, users, evidence):
    feared = {"require": {"b": 2}, "breaks-if": {"somebody uses it": {"cleared-by": {"users": 0}, "fact": "t/used:{name}"}}}
    catalogue = content(tmp_path, {"t/item/b": feared})
    surface = Memory(item("x", b=0, users=users), ("mem",), {"t/used:x": Answer(False, "nobody came")})
    (only,) = planned(catalogue, surface)
    assert only.lane == "auto"
    assert evidence in only.reason


def test_evidence_in_a_resource_must_be_shown_by_an_example(tmp_path):
    feared = {"require": {"b": 2}, "breaks-if": {"somebody uses it": {"cleared-by": {"users": 0}}}}
    shown = {
        "examples": [
            {"good": {"name": "x", "b": 2}},
            {"bad": {"name": "x", "users": 0}, "fixed": {"name": "x", "users": 0, "b": 2}},
        ]
    }
    catalogue = content(tmp_path, {"t/item/b": feared | shown})
    assert broken_promises(catalogue, catalogue.control("t/item/b")) == []
    shown["examples"][1] = {"bad": {"name": "x"}, "fixed": {"name": "x", "b": 2}}
    catalogue = content(tmp_path / "other", {"t/item/b": feared | shown})
    assert broken_promises(catalogue, catalogue.control("t/item/b")) == [
        "breaks-if: somebody uses it: no bad example with a fix clears it"
    ]


def test_what_no_edit_can_put_right_is_for_a_person(tmp_path):
    catalogue = content(tmp_path, {"t/item/c": {"require": {"c": {"present": True}}}})
    (only,) = planned(catalogue, memory(item("x")))
    assert only.lane == "hand"
    assert only.changes == ()
    assert "only its owner knows" in only.reason


def test_two_controls_that_want_opposites_are_named_before_anything_runs(tmp_path):
    catalogue = content(tmp_path, {"t/item/one": {"require": {"a": 1}}, "t/item/two": {"require": {"a": 2}}})
    plans = planned(catalogue, memory(item("x", a=0)))
    hands = [p for p in plans if p.lane == "hand"]
    assert hands
    assert "t/item/" in hands[0].reason or "still wrong" in hands[0].reason
    assert sum(len(p.changes) for p in plans) <= 1


def test_a_fix_that_does_not_help_is_left_out_with_all_that_it_did(tmp_path):
    useless = {"require": {"a": 1}, "fix": {"b": 9}}
    catalogue = content(tmp_path, {"t/item/useless": useless, "t/item/c": {"require": {"c": 3}}})
    surface = memory(item("x", a=0, c=0))
    plans = planned(catalogue, surface)
    (made,) = [p for p in plans if p.changes]
    (change,) = changes(made, surface.again(["item:x"]))
    assert json.loads(change.after) == {"name": "x", "a": 0, "c": 3}
    assert [p.reason for p in plans if p.lane == "hand"] == ["still wrong after its fix"]


def test_a_fix_that_breaks_what_was_right_is_left_out(tmp_path):
    breaker = {"require": {"a": 1}, "fix": {"a": 1, "b": 9}}
    catalogue = content(tmp_path, {"t/item/breaker": breaker, "t/item/right": {"require": {"b": 2}}})
    (only,) = planned(catalogue, memory(item("x", a=0, b=2)))
    assert only.lane == "hand"
    assert "t/item/right" in only.reason


def test_a_fix_by_which_a_control_no_longer_speaks_of_the_resource_breaks_nothing(tmp_path):
    small = {"where": {"a": 0}, "require": {"b": 2}}
    catalogue = content(tmp_path, {"t/item/grow": {"require": {"a": 1}}, "t/item/small": small})
    (only,) = planned(catalogue, memory(item("x", a=0, b=2)))
    assert only.lane == "auto"
    assert len(only.changes) == 1


def test_what_cannot_be_undone_is_never_automatic(tmp_path):
    catalogue = content(tmp_path, {"t/item/a": SAFE | {"effect": {"restart": "none", "undo": "none"}}})
    (only,) = planned(catalogue, memory(item("x", a=0)))
    assert only.lane == "ask"
    assert "undone" in only.reason


def test_removals_in_one_list_are_made_from_the_back(tmp_path):
    gone = {"require": {"xs": {"none": {"where": {"bad": True}}}}}
    catalogue = content(tmp_path, {"t/item/gone": gone})
    surface = memory(item("x", xs=[{"bad": True}, {"bad": False}, {"bad": True}, {"good": 1}]))
    (only,) = planned(catalogue, surface)
    (change,) = changes(only, surface.again(["item:x"]))
    assert json.loads(change.after)["xs"] == [{"bad": False}, {"good": 1}]


OPEN = """resource "aws_network_acl" "a" {
  vpc_id = aws_vpc.main.id

  ingress {
    protocol   = "tcp"
    rule_no    = 100
    action     = "allow"
    cidr_block = "0.0.0.0/0"
    from_port  = 22
    to_port    = 22
  }
  ingress {
    protocol   = "tcp"
    rule_no    = 110
    action     = "allow"
    cidr_block = "0.0.0.0/0"
    from_port  = 3389
    to_port    = 3389
  }
}
"""


def test_two_fixes_may_together_take_away_all_blocks_of_a_name():
    catalogue = shipped()
    (made,) = plan_of_terraform(catalogue, OPEN, "aws/ec2/network-acl-no-world-login", "aws/ec2/network-acl-no-world-desktop")
    assert made.after == b'resource "aws_network_acl" "a" {\n  vpc_id = aws_vpc.main.id\n}\n'


def test_a_rule_that_its_own_fix_takes_away_is_not_said_to_be_broken_by_it():
    catalogue = shipped()
    rule = 'resource "aws_security_group_rule" "ssh" {\n  type = "ingress"\n  from_port = 22\n  to_port = 22\n  protocol = "tcp"\n'
    rule += '  description = "SSH"\n  security_group_id = "sg-1"\n  cidr_blocks = ["0.0.0.0/0"]\n}\n'
    kept = 'resource "aws_vpc" "main" {\n  cidr_block = "10.0.0.0/16"\n}\n'
    (made,) = plan_of_terraform(catalogue, kept + "\n" + rule, "aws/ec2/no-world-ssh", "aws/ec2/described-rules")
    assert made.after == kept.encode()


def plan_of_terraform(catalogue, text, *ids):
    surface = Memory({"main.tf": Document("main.tf", text.encode(), "hcl")}, ("terraform",))
    controls = [catalogue.control(i) for i in ids]
    plans = plan(scan(surface, catalogue, controls), surface, PlanOptions(together=True)).plans
    return [change for each in plans for change in changes(each, surface.again(["main.tf"]))]


def test_a_hash_covers_the_plan_and_not_the_time(tmp_path):
    catalogue = content(tmp_path, {"t/item/a": SAFE})
    key = bytes(32)
    (one,) = planned(catalogue, memory(item("x", a=0)), key=key)
    (same,) = planned(catalogue, memory(item("x", a=0)), key=key)
    (other,) = planned(catalogue, memory(item("x", a=5)), key=key)
    assert one.hash == same.hash == plan_hash(one)
    assert one.hash != other.hash


def test_a_plan_lapses_where_the_document_moved(tmp_path):
    catalogue = content(tmp_path, {"t/item/a": SAFE})
    (only,) = planned(catalogue, memory(item("x", a=0)))
    moved = Document("item:x", b'{"name": "x", "a": 7}\n', "json")
    with pytest.raises(Lapsed, match="somebody changed it"):
        changes(only, {"item:x": moved})


def test_a_plan_holds_no_bytes_of_the_document(tmp_path):
    import msgspec

    catalogue = content(tmp_path, {"t/item/a": SAFE})
    (only,) = planned(catalogue, memory(item("x", a=0, password="hunter2-hunter2")))
    assert b"hunter2" not in msgspec.json.encode(only)


def test_one_key_shows_one_secret_alike_in_every_plan(tmp_path):
    from setright.engine.redact import fingerprint

    catalogue = content(tmp_path, {"t/item/a": SAFE})
    key = b"k" * 32
    plans = [planned(catalogue, memory(item("x", a=0, password="hunter2-hunter2")), key=key)[0] for _ in range(2)]
    assert fingerprint("hunter2-hunter2", key) in plans[0].changes[0].diff
    assert plans[0].hash == plans[1].hash


def test_whatever_an_approver_sees_is_in_the_hash(tmp_path):
    from msgspec.structs import fields, replace

    catalogue = content(tmp_path, {"t/item/a": SAFE})
    (only,) = planned(catalogue, memory(item("x", a=0)))
    for part in ("locator", "lens", "before", "after", "diff"):
        changed = replace(only.changes[0], **{part: "other"})
        assert plan_hash(replace(only, changes=(changed,))) != only.hash, part
    other_edit = replace(only.changes[0], edits=((Edit(("a",), 2),),))
    assert plan_hash(replace(only, changes=(other_edit,))) != only.hash
    other = {"breaks_if": (("s", "f", Answer(None, "")),), "effect": Effect("service"), "steps": Steps(arm=True)}
    other |= {"params": {"p": 1}, "keys": {"k": ("v",)}, "changes": (), "belongs": (Belonging(environment="production"),)}
    for field in fields(only):
        value = other.get(field.name, ("other",) if isinstance(getattr(only, field.name), tuple) else "other")
        same = plan_hash(replace(only, **{field.name: value})) == only.hash
        assert same == (field.name in ("hash", "made_at", "expires_at")), field.name
    known, otherwise = (replace(only, belongs=(Belonging("web", owner_why=why, exposure_why=why),)) for why in ("a", "b"))
    assert plan_hash(known) == plan_hash(otherwise) != only.hash


def test_what_could_lock_us_out_is_planned_with_a_switch_and_a_checker():
    catalogue = shipped()
    config = Document("/etc/ssh/sshd_config", b"PermitRootLogin yes\n", "sshd")
    surface = Memory({config.locator: config}, ("linux",))
    (only,) = plan(scan(surface, catalogue, [catalogue.control("linux/sshd/root-login")]), surface).plans
    assert only.steps == Steps(validate=("sshd-t",), reload=("ssh-reload",), probe=("ssh-banner",), arm=True)


def test_what_a_fix_brings_to_light_is_put_right_with_it(tmp_path):
    hidden = {"where": {"a": 1}, "require": {"b": 2}}
    catalogue = content(tmp_path, {"t/item/a": SAFE, "t/item/hidden": hidden})
    surface = memory(item("x", a=0, b=0))
    (only,) = planned(catalogue, surface)
    (change,) = changes(only, surface.again(["item:x"]))
    assert json.loads(change.after) == {"name": "x", "a": 1, "b": 2}


def test_a_fix_may_give_a_resource_another_name(tmp_path):
    """What was right before it is right under the new name, and its other findings are put right too."""
    controls = {
        "t/item/named": {"require": {"name": {"excludes": "x"}}, "fix": {"name": "ops/x"}, "default": {"name": None}},
        "t/item/a": SAFE,
        "t/item/right": {"require": {"c": 3}},
    }
    catalogue = content(tmp_path, controls)
    surface = memory(item("x", a=0, c=3))
    (only,) = planned(catalogue, surface)
    (change,) = changes(only, surface.again(["item:x"]))
    assert json.loads(change.after) == {"name": "ops/x", "a": 1, "c": 3}


def test_what_is_refused_under_the_first_name_is_not_told_again_under_the_new_one(tmp_path):
    controls = {
        "t/item/named": {"require": {"name": {"excludes": "x"}}, "fix": {"name": "ops/x"}, "default": {"name": None}},
        "t/item/a": SAFE,
        "t/item/opposite": {"require": {"a": 2}},
    }
    catalogue = content(tmp_path, controls)
    plans = planned(catalogue, memory(item("x", a=0)))
    assert [p.lane for p in plans] == ["auto", "hand"]


@pytest.mark.parametrize("said", [b"", b"  namespace: default\n"])
def test_what_a_fix_adds_is_put_right_with_it(said):
    """A pod that moves gets a network policy, which moves with it."""
    pod = (
        b"""\
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
%sspec:
  containers: []
"""
        % said
    )
    catalogue = shipped()
    surface = Memory({"web.yaml": Document("web.yaml", pod, "yaml")}, ("kubernetes",))
    controls = [resolve(catalogue.control(name), {}) for name in ("k8s/workload/network-policy", "k8s/object/namespace")]
    (only,) = plan(scan(surface, catalogue, controls), surface, PlanOptions(together=True)).plans
    (change,) = changes(only, surface.again(["web.yaml"]))
    assert change.after.count(b"namespace: ") == change.after.count(b"namespace: apps") == 2


def test_a_policy_waits_for_a_move_that_brings_bindings_along():
    """Else it would stand in the old namespace, and another one in the new."""
    pod = b"""\
kind: RoleBinding
apiVersion: rbac.authorization.k8s.io/v1
metadata: {name: b, namespace: ops}
subjects: [{kind: ServiceAccount, name: default, namespace: default}]
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: default
  labels: {app: web}
spec:
  containers: []
"""
    surface = Memory({"web.yaml": Document("web.yaml", pod, "yaml")}, ("kubernetes",))
    controls = [resolve(shipped().control(name), {}) for name in ("k8s/workload/network-policy", "k8s/object/namespace")]
    (only,) = plan(scan(surface, shipped(), controls), surface, PlanOptions(together=True)).plans
    (change,) = changes(only, surface.again(["web.yaml"]))
    assert change.after.count(b"kind: NetworkPolicy") == 1
    assert change.after.count(b"namespace: apps") == 3


POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {}\n  labels: {}\nspec:\n  containers: []\n"


def test_each_of_many_in_one_file_gets_what_stands_beside_it(monkeypatch):
    """A policy for each pod, behind the last, in a world or two; where one would choose another's pods too, it waits for that."""
    labels = [f"{{app: web-{n}}}" for n in range(40)] + ["{app: web-7}", "{tier: web}", "{app: web-7, tier: api}"]
    text = "---\n".join(POD.format(f"p{n:02}", each) for n, each in enumerate(labels)).encode()
    surface = Memory({"all.yaml": Document("all.yaml", text, "yaml")}, ("kubernetes",))
    worlds, after = [], World.after
    monkeypatch.setattr(World, "after", lambda self, changed: worlds.append(1) or after(self, changed))
    controls = [resolve(shipped().control("k8s/workload/network-policy"), {})]
    (only,) = plan(scan(surface, shipped(), controls), surface, PlanOptions(together=True)).plans
    (change,) = changes(only, surface.again(["all.yaml"]))
    documents = get("yaml", change.after)["documents"]
    policies = [each["metadata"]["name"] for each in documents if each["kind"] == "NetworkPolicy"]
    assert documents[: len(labels)] == get("yaml", text)["documents"]
    assert policies == [*(f"p{n:02}" for n in range(40)), "p41"]
    assert len(worlds) <= 3


def test_a_few_fixes_that_stand_in_each_others_way_cost_few_tries(tmp_path, monkeypatch):
    """Some documents have opposites: they are found by halves of each document's fixes, not by trying each fix alone."""
    controls = {f"t/item/{key}": {"require": {key: 1}} for key in "abcdefgh"}
    catalogue = content(tmp_path, controls | {"t/item/opposite": {"where": {"odd": True}, "require": {"a": 2}}})
    zeros = dict.fromkeys("abcdefgh", 0)
    documents = {k: d for n in range(30) for k, d in item(f"x{n}", odd=n < 10, **zeros).items()}
    worlds, after = [], World.after
    monkeypatch.setattr(World, "after", lambda *given: worlds.append(1) or after(*given))
    plans = planned(catalogue, memory(documents))
    assert sorted({p.lane for p in plans}) == ["auto", "hand"]
    assert sum(len(p.findings) for p in plans if p.lane == "auto") == 30 * 8, "all but one of each pair of opposites"
    assert len(worlds) < 40, "each alone would be over 90"


def test_a_fix_that_helps_nothing_is_not_tried_again_and_again(tmp_path, monkeypatch):
    """What it writes is there already and changes nothing: it is a matter for people, and found out at once."""
    controls = {"t/item/a": SAFE, "t/item/b": {"check": "resource.b == 1", "fix": {"c": 1}}}
    catalogue = content(tmp_path, controls)
    worlds, after = [], World.after
    monkeypatch.setattr(World, "after", lambda *given: worlds.append(1) or after(*given))
    plans = planned(catalogue, memory(item("x", a=0, b=0)))
    assert [(p.lane, p.controls) for p in plans] == [("auto", ("t/item/a",)), ("hand", ("t/item/b",))]
    assert len(worlds) < 6


def test_what_nobody_can_tell_keeps_no_fix_from_being_made_beside_it():
    text = b"""\
variable "policies" {}

resource "aws_s3_bucket_public_access_block" "data" {
  bucket                  = "acme-data"
  block_public_acls       = false
  block_public_policy     = var.policies
  ignore_public_acls      = true
  restrict_public_buckets = true
}
"""
    catalogue = shipped()
    surface = Memory({"main.tf": Document("main.tf", text, "hcl")}, ("terraform",))
    controls = [resolve(catalogue.control("aws/s3/public-access-block"), {})]
    (only,) = plan(scan(surface, catalogue, controls), surface, PlanOptions(together=True)).plans
    (change,) = changes(only, surface.again(["main.tf"]))
    assert change.after == text.replace(b"= false", b"= true")


@pytest.mark.parametrize(("other", "lane"), [("true", "auto"), ("var.admins", "ask")])
def test_half_of_what_belongs_together_is_asked_for_where_the_other_half_cannot_be_told(other, lane):
    text = f"""\
variable "admins" {{}}

resource "azurerm_security_center_contact" "main" {{
  alert_notifications = false
  alerts_to_admins    = {other}
}}
"""
    surface = Memory({"main.tf": Document("main.tf", text.encode(), "hcl")}, ("terraform",))
    catalogue = shipped()
    (only,) = plan(scan(surface, catalogue, [catalogue.control("azure/security/contact-alerts")]), surface).plans
    assert only.lane == lane
    assert ("var.admins" in only.reason) == (lane == "ask")


def test_what_another_fix_makes_possible_is_put_right_with_it(tmp_path):
    both = {"t/item/in": {"require": {"a": {"includes": "y"}}}, "t/item/out": {"require": {"a": {"excludes": "x"}}}}
    (only,) = planned(content(tmp_path / "both", both), surface := memory(item("m", a=["x"])))
    (change,) = changes(only, surface.again(["item:m"]))
    assert json.loads(change.after)["a"] == ["y"]
    (alone,) = planned(content(tmp_path / "one", {"t/item/out": both["t/item/out"]}), memory(item("m", a=["x"])))
    assert (alone.lane, alone.reason) == ("hand", "a nothing would be left of the list")


def test_what_another_fix_puts_right_in_another_file_is_one_plan_with_it():
    template = b"""\
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}
spec:
  containers:
    - name: web
      image: web
      securityContext:
        {{- toYaml .Values.securityContext | nindent 8 }}
"""
    chart = {
        "Chart.yaml": Document("Chart.yaml", b"name: web\nversion: 1.0.0\n", "yaml"),
        "templates/pod.yaml": Document("templates/pod.yaml", template, "helm"),
        "values.yaml": Document("values.yaml", b"securityContext: {}\n", "yaml"),
    }
    catalogue, surface = shipped(), Memory(chart, ("kubernetes",))
    controls = [catalogue.control(f"k8s/workload/{name}") for name in ("raw-sockets", "drop-capabilities")]
    (only,) = plan(scan(surface, catalogue, controls), surface, PlanOptions(together=True)).plans
    assert ([each.locator for each in only.changes], len(only.findings)) == (["values.yaml"], 2)


def test_a_probe_asks_the_port_that_another_fix_opens():
    pod = b"""\
apiVersion: v1
kind: Pod
metadata:
  name: kube-apiserver
  namespace: kube-system
spec:
  containers:
    - name: kube-apiserver
      image: registry.k8s.io/kube-apiserver:v1.31.0
      command:
        - kube-apiserver
        - --secure-port=0
"""
    catalogue, surface = shipped(), Memory({"pod.yaml": Document("pod.yaml", pod, "yaml")}, ("kubernetes",))
    controls = [resolve(catalogue.control(i), {}) for i in ("k8s/api-server/secure-port", "k8s/workload/readiness-probe")]
    (only,) = plan(scan(surface, catalogue, controls), surface, PlanOptions(together=True)).plans
    (change,) = changes(only, surface.again(["pod.yaml"]))
    assert b"--secure-port=6443" in change.after and b"port: 6443" in change.after
