"""What `setright lsp` promises, as an editor sees it: JSON-RPC over stdio with the real program."""

import json
import queue
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from .conftest import ASK, AUTO, BOTH, MAIN_TF, Program

TIMEOUT_S = 60.0  # a server that hangs is told from one that starts on a busy machine


class Client:
    """An editor with one workspace folder."""

    def __init__(self, program: Program, encoding: str, *words: str, **document: Any) -> None:
        command = [sys.executable, "-c", "from setright.cli import main; main(prog_name='setright')", "lsp", *words]
        self.process = subprocess.Popen(
            command, cwd=program.tree, env=program.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.arrived: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.number = 0
        folder = {"uri": program.tree.as_uri(), "name": "tree"}
        capabilities = {
            "general": {"positionEncodings": [encoding]},
            "workspace": {"workspaceFolders": True},
            "textDocument": document,
        }
        self.server = self.ask(
            "initialize", processId=None, rootUri=folder["uri"], workspaceFolders=[folder], capabilities=capabilities
        )
        self.tell("initialized")

    def _listen(self) -> None:
        out = self.process.stdout
        assert out is not None
        while head := out.readline():
            size = int(head.split(b":")[1])
            while out.readline().strip():
                pass
            self.arrived.put(json.loads(out.read(size)))
        self.arrived.put({"ended": True})

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.process.stdin.flush()

    def tell(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def ask(self, method: str, **params: Any) -> Any:
        self.number += 1
        self._send({"id": self.number, "method": method, "params": params})
        answer = self.until(lambda m: m.get("id") == self.number and "method" not in m)
        assert "error" not in answer, answer
        return answer["result"]

    def until(self, wanted: Any) -> dict[str, Any]:
        while True:
            message = self.arrived.get(timeout=TIMEOUT_S)
            assert "ended" not in message, "the server has ended"
            if wanted(message):
                return message

    def diagnostics(self, uri: str) -> dict[str, Any]:
        told = self.until(lambda m: m.get("method") == "textDocument/publishDiagnostics" and m["params"]["uri"] == uri)
        params: dict[str, Any] = told["params"]
        return params

    def open(self, file: Path, text: str) -> dict[str, Any]:
        document = {"uri": file.as_uri(), "languageId": "terraform", "version": 1, "text": text}
        self.tell("textDocument/didOpen", textDocument=document)
        return self.diagnostics(file.as_uri())

    def actions(self, file: Path, place: dict[str, Any], only: list[str] | None = None) -> list[dict[str, Any]]:
        context = {"diagnostics": []} | ({"only": only} if only else {})
        return list(self.ask("textDocument/codeAction", textDocument={"uri": file.as_uri()}, range=place, context=context))

    def change(self, file: Path, text: str, version: int) -> None:
        document = {"uri": file.as_uri(), "version": version}
        self.tell("textDocument/didChange", textDocument=document, contentChanges=[{"text": text}])

    def close(self) -> None:
        self.ask("shutdown")
        self.tell("exit")
        self.process.wait(10)


def edited(text: str, edits: list[dict[str, Any]], encoding: str) -> str:
    """The text with edits made as an editor makes them: from the end, by lines and code units."""
    codec, unit = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}[encoding]
    starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]

    def offset(position: dict[str, int]) -> int:
        start = starts[position["line"]]
        line = text[start:].encode(codec)[: position["character"] * unit]
        return start + len(line.decode(codec))

    for edit in reversed(edits):
        first, last = offset(edit["range"]["start"]), offset(edit["range"]["end"])
        text = text[:first] + edit["newText"] + text[last:]
    return text


def edits_of(action: dict[str, Any]) -> list[dict[str, Any]]:
    (document,) = action["edit"]["documentChanges"]
    edits: list[dict[str, Any]] = document["edits"]
    return edits


WHOLE = {"start": {"line": 0, "character": 0}, "end": {"line": 999, "character": 0}}


@pytest.fixture(params=["utf-16"])
def client(setright: Program, request: pytest.FixtureRequest):
    editor = Client(setright, request.param, *BOTH)
    yield editor
    editor.close()


def test_what_is_wrong_is_told_where_it_stands(client: Client, setright: Program):
    told = client.open(setright.file, MAIN_TF)["diagnostics"]
    lines = MAIN_TF.splitlines()
    assert {d["code"]: lines[d["range"]["start"]["line"]].split()[0] for d in told} == {
        AUTO: "backup_retention_period",
        ASK: "storage_encrypted",
    }
    assert "The database's storage and snapshots are encrypted: StorageEncrypted is false, wanted: true" in {
        d["message"] for d in told
    }
    assert all(d["source"] == "setright" and d["codeDescription"]["href"].startswith("https://") for d in told)


def test_each_finding_has_a_fix_that_is_the_bytes_of_setright_fix(client: Client, setright: Program):
    told = client.open(setright.file, MAIN_TF)["diagnostics"]
    place = next(d["range"] for d in told if d["code"] == ASK)
    (action,) = client.actions(setright.file, place, ["quickfix"])
    made = edited(MAIN_TF, edits_of(action), "utf-16")
    setright("fix", ".", "--control", ASK, "--all", "--yes")
    assert made == setright.file.read_text() != MAIN_TF
    assert "(may break something if " in action["title"] and "only its owner can tell" not in action["title"]


def test_one_action_makes_all_that_is_safe_as_setright_fix_does(client: Client, setright: Program):
    client.open(setright.file, MAIN_TF)
    (action,) = client.actions(setright.file, WHOLE, ["source.fixAll"])
    made = edited(MAIN_TF, edits_of(action), "utf-16")
    setright("fix", ".", *BOTH, "--yes")
    assert made == setright.file.read_text() == MAIN_TF.replace("= 1 ", "= 7 ")


def test_a_menu_that_opens_waits_for_no_fix_of_the_whole_file(setright: Program):
    editor = Client(setright, "utf-16", *BOTH, codeAction={"resolveSupport": {"properties": ["edit"]}})
    editor.open(setright.file, MAIN_TF)
    eager = edits_of(editor.actions(setright.file, WHOLE, ["source.fixAll"])[0])
    lazy = next(action for action in editor.actions(setright.file, WHOLE) if action["kind"].startswith("source.fixAll"))
    assert "edit" not in lazy
    assert edits_of(editor.ask("codeAction/resolve", **lazy)) == eager != []
    editor.close()


@pytest.mark.parametrize("client", ["utf-8", "utf-16", "utf-32"], indirect=True)
def test_columns_are_counted_as_the_editor_counts(client: Client, setright: Program):
    encoding = client.server["capabilities"]["positionEncoding"]
    odd = MAIN_TF.replace("# the shop", "/* 🏪 */").replace("publicly_accessible     =", "/* 🏪é */ publicly_accessible =")
    odd = odd.replace("backup_retention_period =", "/* 🏪é */ backup_retention_period =").replace("\n", "\r\n")
    client.open(setright.file, odd)
    (action,) = client.actions(setright.file, WHOLE, ["source.fixAll"])
    assert edited(odd, edits_of(action), encoding) == odd.replace("= 1 ", "= 7 ")


def test_what_is_judged_is_the_text_in_the_editor_and_not_the_file(client: Client, setright: Program):
    client.open(setright.file, MAIN_TF)
    better = MAIN_TF.replace("= 1 ", "= 7 ").replace("= false\n  publicly", "= true\n  publicly")
    document = {"uri": setright.file.as_uri(), "version": 2}
    client.tell("textDocument/didChange", textDocument=document, contentChanges=[{"text": better}])
    told = client.diagnostics(setright.file.as_uri())
    assert (told["diagnostics"], told["version"]) == ([], 2)
    assert setright.file.read_text() == MAIN_TF


def test_typing_is_judged_once_it_pauses(client: Client, setright: Program):
    client.open(setright.file, MAIN_TF)
    for version in range(2, 8):
        document = {"uri": setright.file.as_uri(), "version": version}
        client.tell("textDocument/didChange", textDocument=document, contentChanges=[{"text": MAIN_TF + "#" * version}])
    assert client.diagnostics(setright.file.as_uri())["version"] == 7


def test_a_broken_text_is_survived(client: Client, setright: Program):
    (told,) = client.open(setright.file, 'resource "aws_db_instance" "shop" {\n  storage_encrypted = \n')["diagnostics"]
    assert "code" not in told and told["message"].startswith("Not judged: ")
    document = {"uri": setright.file.as_uri(), "version": 2}
    client.tell("textDocument/didChange", textDocument=document, contentChanges=[{"text": MAIN_TF}])
    assert len(client.diagnostics(setright.file.as_uri())["diagnostics"]) == 2


def test_a_text_that_was_never_saved_is_judged(client: Client, setright: Program):
    setright.file.unlink()
    assert len(client.open(setright.tree / "new.tf", MAIN_TF)["diagnostics"]) == 2


def test_hover_says_why_and_what_may_break(client: Client, setright: Program):
    told = client.open(setright.file, MAIN_TF)["diagnostics"]
    start = next(d["range"]["start"] for d in told if d["code"] == ASK)
    hover = client.ask("textDocument/hover", textDocument={"uri": setright.file.as_uri()}, position=start)
    assert ASK in hover["contents"]["value"]
    assert "may break something if" in hover["contents"]["value"]
    top = {"line": 0, "character": 0}
    assert client.ask("textDocument/hover", textDocument={"uri": setright.file.as_uri()}, position=top) is None


def test_a_closed_file_has_no_findings_left(client: Client, setright: Program):
    client.open(setright.file, MAIN_TF)
    client.tell("textDocument/didClose", textDocument={"uri": setright.file.as_uri()})
    assert client.diagnostics(setright.file.as_uri())["diagnostics"] == []


def test_without_its_package_it_says_how_to_install_it(setright: Program):
    code = "import sys; sys.modules['pygls'] = None; sys.meta_path.insert(0, None) if 0 else None\n"
    code += "import importlib.util as u; find = u.find_spec; u.find_spec = lambda n: None if n == 'pygls' else find(n)\n"
    code += "from setright.cli import main; main(prog_name='setright')"
    ran = subprocess.run([sys.executable, "-c", code, "lsp"], cwd=setright.tree, env=setright.env, capture_output=True, text=True)
    assert (ran.returncode, "pip install 'setright[editor]'" in ran.stderr) == (2, True)


def test_a_text_that_is_half_typed_is_said_to_be_unjudged_and_where(client: Client, setright: Program):
    (told,) = client.open(setright.file, MAIN_TF.rstrip().removesuffix("}") + "  engine = \n}\n")["diagnostics"]
    assert told["message"].startswith("Not judged: ") and told["severity"] == 3
    assert told["range"]["start"]["line"] == MAIN_TF.count("\n") - 1
    assert {d["code"] for d in client.open(setright.file, MAIN_TF)["diagnostics"]} == {AUTO, ASK}


def test_an_edit_is_for_the_text_that_was_judged_so_that_no_newer_one_is_hit(client: Client, setright: Program):
    client.open(setright.file, MAIN_TF)
    client.number += 1
    context = {"textDocument": {"uri": setright.file.as_uri()}, "range": WHOLE, "context": {"diagnostics": []}}
    client._send({"id": client.number, "method": "textDocument/codeAction", "params": context})
    client.change(setright.file, "# one line more\n" + MAIN_TF, 2)
    answer = client.until(lambda m: m.get("id") == client.number and "method" not in m)
    for action in answer["result"]:
        (document,) = action["edit"]["documentChanges"]
        text = {1: MAIN_TF, 2: "# one line more\n" + MAIN_TF}[document["textDocument"]["version"]]
        assert "= 0" not in edited(text, document["edits"], "utf-16") and edited(text, document["edits"], "utf-16") in {
            text.replace("= 1 ", "= 7 "),
            text.replace("= false\n  publicly", "= true\n  publicly").replace("\n}\n", KEPT),
        }


KEPT = "\n\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n"  # the database that Terraform would make anew
VARIABLE = MAIN_TF.replace("= false\n  publicly", "= var.encrypted\n  publicly")


def test_what_another_open_text_says_is_seen_and_met_where_it_stands_now(client: Client, setright: Program):
    other = setright.tree / "variables.tf"
    client.open(other, 'variable "encrypted" {\n  default = true\n}\n')
    assert {d["code"] for d in client.open(setright.file, VARIABLE)["diagnostics"]} == {AUTO}
    client.change(other, '# moved\n\nvariable "encrypted" {\n  default = false\n}\n', 2)
    told = client.diagnostics(setright.file.as_uri())["diagnostics"]
    assert {d["code"] for d in told} == {AUTO, ASK}
    client.change(other, '# moved\n\n# again\nvariable "encrypted" {\n  default = false\n}\n', 3)
    place = next(d["range"] for d in told if d["code"] == ASK)
    (action,) = client.actions(setright.file, place, ["quickfix"])
    at = {change["textDocument"]["uri"]: change for change in action["edit"]["documentChanges"]}
    assert {uri: each["textDocument"]["version"] for uri, each in at.items()} == {other.as_uri(): 3, setright.file.as_uri(): 1}
    assert [edit["range"]["start"]["line"] for edit in at[other.as_uri()]["edits"]] == [4]


def test_a_file_written_since_it_was_judged_gets_no_edit_of_what_it_was(client: Client, setright: Program):
    other = setright.tree / "variables.tf"
    other.write_text('variable "encrypted" {\n  default = false\n}\n')
    told = client.open(setright.file, VARIABLE)["diagnostics"]
    place = next(d["range"] for d in told if d["code"] == ASK)
    other.write_text('# written by another program\nvariable "encrypted" {\n  default = false\n}\n')
    assert client.actions(setright.file, place, ["quickfix"]) == []
    client.diagnostics(setright.file.as_uri())
    (action,) = client.actions(setright.file, place, ["quickfix"])
    at = {change["textDocument"]["uri"]: change["edits"] for change in action["edit"]["documentChanges"]}
    assert [edit["range"]["start"]["line"] for edit in at[other.as_uri()]] == [2]


@pytest.mark.parametrize("name", ["of the shop/main.tf", "käse.tf", "a+b@c#d%20.tf"])
def test_any_name_of_a_file_will_do(client: Client, setright: Program, name: str):
    setright.file.unlink()
    file = setright.tree / name
    file.parent.mkdir(exist_ok=True)
    told = client.open(file, MAIN_TF)["diagnostics"]
    assert len(told) == 2
    (action, *_) = client.actions(file, told[0]["range"], ["quickfix"])
    (document,) = action["edit"]["documentChanges"]
    assert document["textDocument"] == {"uri": file.as_uri(), "version": 1}


def test_half_a_sign_holds_up_nothing(client: Client, setright: Program):
    client.open(setright.file, MAIN_TF)
    client.change(setright.file, "# \ud83d\n" + MAIN_TF, 2)
    assert len(client.diagnostics(setright.file.as_uri())["diagnostics"]) == 2
