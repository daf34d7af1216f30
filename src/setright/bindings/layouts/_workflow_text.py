"""Expressions in the scripts of workflows: which carry what strangers write, and how they move into the environment.

docs.github.com: Secure use reference (Good practices for mitigating script injection attacks); Contexts reference.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from setright.bindings.layouts import _workflow_javascript, _workflow_powershell
from setright.bindings.layouts._shell_quotes import open_quote
from setright.bindings.trees import look_up
from setright.model import Path, Plain, Tree, Unknown
from setright.patterns import late
from setright.trees import as_list

SWITCH = "ACTIONS_ALLOW_UNSECURE_COMMANDS"
OLD_COMMAND = late(r"::(?:set-env|add-path)\b")  # which the runner takes with that switch alone
EXPRESSION = late(r"\$\{\{(.*?)\}\}", re.S)
UNTRUSTED = late(  # what anybody can write who may open an issue or a pull request
    r"github\.head_ref|github\.event\.(?:issue|discussion|pull_request)\.(?:title|body)"
    r"|github\.event\.(?:comment|review|review_comment|answer)\.body|github\.event\.pages(?:\.\*|\[\d+\])?\.page_name"
    r"|github\.event\.(?:head_commit|commits(?:\.\*|\[\d+\])?|workflow_run\.head_commit)\.(?:message|(?:author|committer)\.(?:email|name))"
    r"|github\.event\.pull_request\.head\.(?:ref|label|repo\.(?:default_branch|description|homepage|full_name|name))"
    r"|github\.event\.workflow_run\.(?:head_branch|display_title|head_repository\.description)"
    r"|github\.event\.workflow_run\.pull_requests(?:\.\*|\[\d+\])?\.head\.ref|github\.event\.client_payload(?:\.[\w-]+)*"
    r"|(?i:toJSON)\(github(?:\.event)?\)"
)
GIVEN = late(  # what callers, other steps or whoever makes a branch can write
    r"(?:github\.event\.)?inputs\.[\w-]+|github\.(?:ref_name|base_ref|ref|actor|triggering_actor)\b|github\.event\."
    r"(?!(?:[\w-]+\.)*(?:number|id|node_id|sha|action|draft|merged|state|private|fork|size|created_at|updated_at|default_branch)\b)[\w.-]+"
    r"|(?:steps|needs)\.[\w-]+\.outputs\.[\w-]+|\benv\.\w+"
)
ONE_WORD = late(  # what names a branch, a tag, somebody or a repository, and so has no white space and no wild card
    r"github\.(?:ref_name|base_ref|head_ref|ref|actor|triggering_actor)|github\.event\.release\.tag_name"
    r"|github\.event\.repository\.(?:name|full_name)|github\.event\.pull_request\.(?:base|head)\.ref"
)
MATRIX = late(r"\bmatrix\.[\w-]+")
MATRIX_PATH = late(r"matrix\.([\w-]+(?:\.[\w-]+)*)")
NAMES = late(r"\b(?:env|inputs)\.[\w-]+")
LITERAL = late(r"'((?:[^']|'')*)'")
PARSED = late(r"fromJSON\('[^']*'\)", re.I)
PLACE = late(r"\{\d\}")
CODE = late(r"[\"'\\$`;|&<>(){}]|(?:^|\s)[#~]")
RUNS = late(  # what takes the text in quotes behind it for code
    r"(?:\beval|\b(?:ba|da|z|k)?sh(?:\s+-\w+)*\s+-\w*c|\bpython[\d.]*\s+-c|\b(?:node|ruby)\s+-e|\bperl\s+-\w*e|\bssh\s[^\"\n]*)"
    r"\s+\"(?:\\.|[^\"\\])*\Z"
)
COMMAND = late(r"(?:\A|(?<![\\`])\n|[;|{(!]|&&|\b(?:then|do|else))[ \t]*\Z")  # what a command stands behind
STATEMENT_END = late(r"[ \t]*(?:\Z|[\n;&|)}#])")
CALLED_COMMAND = late(r"cmd|command|script", re.I)
SETS_VARIABLES = late(r"GITHUB_ENV|set-env")
WORDS = late(r"\w+")
HERE = late(r"(?<!<)<<(?!<)")
HERE_DOCUMENT = late(r"<<(-?)[ \t]*(['\"]?)([A-Za-z_]\w*)\2")
KEEPS_TEXT = late(r"(?:^|[;&|({])[ \t]*(?:sudo[ \t]+)?(?:cat|tee)\b[^;&|\n]*\Z", re.M)  # what takes a here-document as it is
PLAIN = late(r"[\w./:@=+,-]*")
LINES = late(r"\s*\n\s*")
QUOTED_LINES = late(r"\A(?:[^']|'[^']*')*?'[^'\n]*\n")
OF_THE_RUNNER = ("PATH", "HOME", "REF_NAME")
GIVEN_BY_RUNNER = {  # what a runner sets in the environment of each step, and lets nobody set anew
    f"github.{key}": f"GITHUB_{key.upper()}" for key in ("actor", "base_ref", "ref", "ref_name", "triggering_actor")
}


def told(value: Plain) -> Plain:
    """The value with what an expression will fill in as Unknown."""
    if isinstance(value, dict):
        return {key: told(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [told(inner) for inner in value]
    return Unknown(value) if isinstance(value, str) and "${{" in value else value


def expressions(
    script: Plain,
    language: str = "",
    dynamic: Collection[str] = (),
    fixed: Collection[str] = (),
    texts: Mapping[str, str] | None = None,
) -> list[Tree]:
    """Those that others can fill: ``{text: "${{ ... }}", value: github.head_ref, from: anybody, quoted: true}``.

    `from` is anybody (who may open an issue or a pull request) or caller (inputs, outputs and branch names); `quoted` is whether
    it stays one word wherever it stands: in quotes, or since it never has more. `language` is javascript, powershell or a shell's.
    Its `code` is told where a shell runs what it fills in, as a command or by the program that it is handed to, and where what the
    file itself would fill in (`texts`, by name) means something to a shell and stands in no quotes.
    """
    found: dict[str, Tree] = {}
    for match in EXPRESSION.finditer(script) if isinstance(script, str) else ():
        if filled := _filled(match[1], dynamic, fixed):
            value, who = filled
            is_word = _is_word(script, match, language)
            quoted = found.get(match[0], {}).get("quoted", True) and is_word
            found.setdefault(match[0], {"text": match[0], "value": value, "from": who})["quoted"] = quoted
            if language != "javascript" and _is_code(script, match, language, texts or {}):
                found[match[0]]["code"] = True
    return list(found.values())


def _is_word(script: str, match: re.Match[str], language: str) -> bool:
    """Whether what fills an expression is one word there."""
    if language == "javascript":
        return bool(_workflow_javascript.quote_at(script, match.start()) or _workflow_javascript.JSON.fullmatch(match[0]))
    return _in_quotes(script, match, language) or bool(ONE_WORD.fullmatch(match[1].strip()))


def _in_quotes(script: str, match: re.Match[str], language: str) -> bool:
    quote = _workflow_powershell.quote if language == "powershell" else _shell_quote
    return quote(script, match.start()) in ("'", '"')


def told_texts(around: Sequence[Tree], declared: Tree) -> dict[str, str]:
    """What variables of the environment (``env.FLAGS``) and defaults of inputs (``inputs.flags``) say in the file.

    `around` are the mappings that hold an environment; `declared` is the workflow or action that the inputs are of.
    """
    events = (look_up(declared, ("on", event)) for event in ("workflow_call", "workflow_dispatch"))
    inputs = [each.get("inputs") for each in (declared, *events) if isinstance(each, dict)]
    given = {name: each for of in inputs if isinstance(of, dict) for name, each in of.items() if isinstance(each, dict)}
    found = [each["env"] for each in around if isinstance(each.get("env"), dict)]
    texts = {f"inputs.{name}": str(each["default"]) for name, each in given.items() if each.get("default") is not None}
    return texts | {f"env.{name}": str(value) for variables in found for name, value in variables.items()}


def _is_code(script: str, match: re.Match[str], language: str, texts: Mapping[str, str]) -> bool:
    """Whether something runs what fills an expression there, so that a variable would make it no data."""
    before, after = script[: match.start()], script[match.end() :]
    if RUNS.search(before):
        return True
    if _in_quotes(script, match, language):
        return False
    is_command = COMMAND.search(before) and (STATEMENT_END.match(after) or CALLED_COMMAND.search(match[1]))
    return bool(is_command) or (not ONE_WORD.fullmatch(match[1].strip()) and _has_code(match[1], texts))


def _has_code(expression: str, texts: Mapping[str, str]) -> bool:
    """Whether what the file fills in an expression has signs of a shell, as quotes, which mean nothing in a variable."""
    named = [texts[name] for name in NAMES.findall(expression) if name in texts]
    inner = [texts[name] for text in named for name in NAMES.findall(text) if name in texts]
    whole = " ".join([f"${{{{{expression}}}}}", *named, *inner])
    literals = [each for found in EXPRESSION.finditer(whole) for each in LITERAL.findall(PARSED.sub("", found[1]))]
    return any(CODE.search(PLACE.sub("", each)) for each in (EXPRESSION.sub("", whole), *literals))


def _filled(expression: str, dynamic: Collection[str], fixed: Collection[str]) -> tuple[str, str] | None:
    """What others fill in an expression, and who; None where nobody does."""
    text = re.sub(r"\['([\w-]+)'\]", r".\1", expression)
    for who, pattern in (("anybody", UNTRUSTED), ("caller", GIVEN)):
        if value := next((each[0] for each in pattern.finditer(text) if each[0] not in fixed), None):
            return value, who
    named = next((part[0] for part in MATRIX.finditer(text) if part[0] in dynamic), None)
    return (named, "caller") if named else None


def filled_matrix(job: Tree) -> set[str]:
    """The parts of a job's matrix (``matrix.version``) that an expression fills, as with what another job found."""
    matrix = look_up(job, ("strategy", "matrix"))
    if isinstance(matrix, str):
        return {found[0] for found in MATRIX.finditer(str(job))}
    more = matrix.get("include") if isinstance(matrix, dict) else None
    if isinstance(more, str):
        return {found[0] for found in MATRIX.finditer(str(job))}
    parts = [matrix if isinstance(matrix, dict) else {}, *(each for each in as_list(more) if isinstance(each, dict))]
    return {f"matrix.{key}" for part in parts for key, value in part.items() if isinstance(value, str) and "${{" in value}


def fixed_environment(around: Sequence[Tree], job: Tree) -> set[str]:
    """The variables (``env.VERSION``) that the workflow, the job or the step tells in full, and that no script sets anew.

    `around` are those mappings, the step's last. What stands in the file is its author's own, as the script is.
    """
    scripts = [str(each.get("run")) for each in as_list(job.get("steps")) if isinstance(each, dict) and each.get("run")]
    sets = " ".join(each for each in scripts if SETS_VARIABLES.search(each))
    found = [each["env"] for each in around if isinstance(each.get("env"), dict)]
    given = {name: value for variables in found for name, value in variables.items()}
    return {f"env.{name}" for name, value in given.items() if "${{" not in str(value) and name not in WORDS.findall(sets)}


def plain_parts(script: Plain, job: Tree) -> list[str]:
    """The expressions of a script that the job's matrix fills with nothing that a shell minds, in any kind of quotes."""
    matrix = look_up(job, ("strategy", "matrix"))
    if not isinstance(script, str) or not isinstance(matrix, dict) or isinstance(matrix.get("include"), str):
        return []
    rows = [matrix, *(each for each in as_list(matrix.get("include")) if isinstance(each, dict))]
    found = {each[0]: MATRIX_PATH.fullmatch(each[1].strip()) for each in EXPRESSION.finditer(script)}
    paths = {text: each[1].split(".") for text, each in found.items() if each}
    return [text for text, path in paths.items() if all(PLAIN.fullmatch(_shown(each)) for each in _values_at(rows, path))]


def listed_images(raw: Plain, job: Tree) -> list[Plain]:
    """An image as a job names it, or those that its matrix lists for it, as far as they are written there."""
    image = raw.get("image") if isinstance(raw, dict) else raw
    whole = EXPRESSION.fullmatch(image.strip()) if isinstance(image, str) else None
    path = MATRIX_PATH.fullmatch(whole[1].strip()) if whole else None
    matrix = look_up(job, ("strategy", "matrix"))
    if path is None or not isinstance(matrix, dict):
        return [raw]
    rows = [matrix, *(each for each in as_list(matrix.get("include")) if isinstance(each, dict))]
    found = [each for each in _values_at(rows, path[1].split(".")) if isinstance(each, str) and each]
    return list(dict.fromkeys(found)) or [raw]


def _values_at(rows: Sequence[Tree], path: Sequence[str]) -> list[Plain]:
    values = [each for row in rows for each in as_list(row.get(path[0]))]
    for key in path[1:]:
        values = [each.get(key) for each in values if isinstance(each, dict)]
    return values


def _shown(value: Plain) -> str:
    return "" if value is None else str(value)


def variable_for(told_of: Tree, taken: Plain, script: str) -> tuple[str, str]:
    """The environment variable that shall carry an expression, and its text in one line; empty where one carries it already."""
    text, value = told_of["text"], told_of["value"]
    carried = text if QUOTED_LINES.search(text) else LINES.sub(" ", text)
    names = taken if isinstance(taken, dict) else {}
    if value.startswith("env.") and _whole(text) == value and not _sets(script, value[4:]):
        return value[4:], ""
    if there := next((name for name, given in names.items() if given in (text, carried) and not _sets(script, name)), ""):
        return there, ""
    if (own := GIVEN_BY_RUNNER.get(_whole(text), "")) and own not in names and not _sets(script, own):
        return own, ""
    part = re.search(rf"fromJSON\(\s*{re.escape(value)}\s*\)((?:\.[\w-]+)+)", text, re.I)
    words = re.findall(r"\w+", (value + (part[1] if part else "")).replace("-", "_"))
    kept = [word for word in words if word not in ("github", "event", "toJSON")] or words
    name = "_".join(kept).upper()
    others = [f"GIVEN_{name}"] if value not in str(names.get(name, "")) else []
    wanted = (name, *others, *(f"{name}_{number}" for number in range(2, len(names) + 9)))
    return next(each for each in wanted if each not in names and each not in OF_THE_RUNNER and not _sets(script, each)), carried


def _whole(text: str) -> str:
    """What stands in an expression."""
    return EXPRESSION.sub(r"\1", text).strip()


def _sets(script: str, name: str) -> bool:
    """Whether a script gives a variable a value of its own."""
    name = re.escape(name)
    powershell = rf"(?i:\$\{{?env:{name}\}}?\s*\+?=(?!=)|\benv:\\?{name}\b(?!\}})\s+[^\s|)])"
    return re.search(rf"(?<![\w$]){name}\+?=|\bfor\s+{name}\b|\bread\b[^\n;|&$]*\b{name}\b|{powershell}", script) is not None


def with_variable(script: str, text: str, name: str, plain: Sequence[str] = ()) -> str | None:
    """The script with a shell variable for the expression; None where the shell would not fill it in there.

    `plain` are other expressions that mean the same in any quotes.
    """
    found = _here_documents(script)
    if found is None:
        return None
    documents, code = found
    for match in reversed(list(re.finditer(re.escape(text), script))):
        start, end = match.span()
        new = f"${{{name}}}"
        around = next((each for each in documents if each.start <= start < each.end), None)
        if around is not None and not around.is_filled:
            return None
        if around is None and open_quote(code, start) == "'":
            opening, closing = script.rfind("'", 0, start), script.find("'", end)
            beside = script[opening + 1 : start] + script[end:closing]
            for each in plain:
                beside = beside.replace(each, "")
            if closing < 0 or not PLAIN.fullmatch(beside):
                return None
            start, end, new = opening, closing + 1, f'"{script[opening + 1 : start]}{new}{script[end:closing]}"'
        script = script[:start] + new + script[end:]
    return script


class HereDocument(NamedTuple):
    """Where the text of a here-document stands, and whether the shell fills variables into it for a program that only keeps it."""

    start: int
    end: int
    is_filled: bool


def _here_documents(script: str) -> tuple[list[HereDocument], str] | None:
    """The here-documents of a script, and that without them, as long as before; None for what is not understood."""
    code, at = script, 0
    found: list[HereDocument] = []
    while match := HERE.search(code, at):
        at = match.end()
        if open_quote(code, match.start()):
            continue
        told, line_end = HERE_DOCUMENT.match(code, match.start()), code.find("\n", at)
        if told is None or line_end < 0 or HERE.search(code, at, line_end):
            return None
        indent = r"[ \t]*" if told[1] else ""
        last = re.compile(rf"^{indent}{told[3]}$", re.M).search(code, line_end + 1)
        if last is None:
            return None
        is_kept = KEEPS_TEXT.search(code[: match.start()]) is not None
        found.append(HereDocument(line_end + 1, last.start(), is_kept and not told[2]))
        code = f"{code[: line_end + 1]}{' ' * (last.end() - line_end - 1)}{code[last.end() :]}"
    return found, code


def _shell_quote(script: str, at: int) -> str:
    """The quote that is open at a place of a shell's script; in a here-document it is as in double quotes, or in none."""
    documents, code = _here_documents(script) or ([], script)
    around = next((each for each in documents if each.start <= at < each.end), None)
    return open_quote(code, at) if around is None else '"' if around.is_filled else ""


def old_command(node: Plain) -> str:
    """A command that only the switch lets through, in the scripts of a workflow, a job or a step; empty for none."""
    if isinstance(node, dict):
        scripts = [inner for key, inner in node.items() if key == "run" and isinstance(inner, str)]
        found = next((match[0] for each in scripts if (match := OLD_COMMAND.search(each))), "")
        return found or next((each for inner in node.values() if (each := old_command(inner))), "")
    return next((each for inner in (node if isinstance(node, list) else ()) if (each := old_command(inner))), "")


def script_path(step: Tree) -> Path:
    """Where a step's script stands: what `github-script` is given is JavaScript."""
    return ("with", "script") if str(step.get("uses", "")).startswith("actions/github-script@") else ("run",)
