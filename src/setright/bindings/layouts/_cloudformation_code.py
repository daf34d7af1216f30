"""Whether code that stands in a template runs on a newer language: it is read whole, and uses little.

docs.python.org, "What's New" of 3.7 to 3.12, what was removed; AWS Lambda Developer Guide, runtimes; AWS CloudFormation User
Guide, the modules `cfnresponse` and `cfn-response`, which code in a template may take.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from textwrap import dedent

from setright.bindings.layouts._cloudformation_index import of_type
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown
from setright.trees import as_list

ELSEWHERE = "elsewhere, or not surely fine"
WENT_AWAY, LAYERED = ", which takes what went away", ", with a layer for its version"
LAYERS = ("AWS::Lambda::LayerVersion", "AWS::Serverless::LayerVersion")
LANGUAGE = re.compile(r"python|nodejs")
PUT_IN = re.compile(r"\$\{[^{}]*\}")
MODULES = """
__future__ ast base64 binascii boto3 botocore bz2 calendar cfnresponse codecs collections contextlib copy csv dataclasses datetime
decimal enum fnmatch functools glob gzip hashlib heapq hmac http io ipaddress itertools json logging math operator os pathlib
pprint re secrets shutil signal socket statistics string struct sys tempfile textwrap threading time traceback typing unicodedata
urllib urllib3 uuid zipfile zlib zoneinfo
"""
LEFT = """
Callable Hashable ItemsView Iterable Iterator KeysView Mapping MutableMapping MutableSequence MutableSet Sequence Set Sized
ValuesView clock decodestring encodestring encoding= errno isAlive isSet method_whitelist= vendored wrap_socket
"""
PLAIN_PYTHON = frozenset(MODULES.split())
GONE = frozenset(LEFT.split())  # from a module of those above, since Python 3.7
PLAIN_NODE = frozenset(
    (
        "./cfn-response",
        "cfn-response",
        "events",
        "fs",
        "http",
        "https",
        "os",
        "path",
        "querystring",
        "stream",
        "url",
        "util",
        "zlib",
    )
)
REQUIRED = re.compile(r"\brequire\s*\(\s*['\"](?:node:)?([^'\"]+)['\"]\s*\)")
TAKES_GONE = re.compile(
    r"^[ \t]*(?:from|import)[ \t]+(?:botocore\.vendored|(?:asynchat|asyncore|distutils|imp|smtpd)\b)", re.MULTILINE
)
OTHER_CODE = re.compile(r"\brequire\b|\bimport\b|\beval\b|\bprocess\.binding\b|\bnew Function\b")


def code(template: Tree, name: str, tree: Tree) -> str:
    """The language on whose newest version a function's code surely runs: ``python``, ``node``, or that this cannot be told.

    With ``, which takes what went away`` it surely does not; with ``, with a layer for its version`` not before that is built anew.
    """
    runtime, text = tree.get("Runtime"), _text(tree)
    if not isinstance(runtime, str):
        return ELSEWHERE
    if "Layers" in tree:
        language = LANGUAGE.match(runtime)
        return f"{language[0]}{LAYERED}" if language and _has_layer_for(template, tree, runtime) else ELSEWHERE
    if text is not None and runtime.startswith("python3") and _runs_as_python(text):
        return "python"
    if text is not None and runtime.startswith("nodejs") and _runs_as_node(text):
        return "node"
    return _gone(runtime, _as_written(tree))


def _gone(runtime: str, text: str) -> str:
    """Whether code takes what went away, as far as what is written of it tells."""
    if runtime.startswith("python3") and TAKES_GONE.search(text):
        return f"python{WENT_AWAY}"
    is_old = runtime.startswith("nodejs") and "aws-sdk" in REQUIRED.findall(text)
    return f"node{WENT_AWAY}" if is_old else ELSEWHERE


def _as_written(tree: Tree) -> str:
    """The code with all that functions say around it; empty where it is elsewhere."""
    found: Plain = look_up(tree, ("Code", "ZipFile")) or tree.get("InlineCode")
    return (found.text if isinstance(found, Unknown) else str(found or "")).replace("\\n", "\n").replace('", "', "\n")


def _has_layer_for(template: Tree, tree: Tree, runtime: str) -> bool:
    """Whether a layer that the template makes is for this version of the language and no other."""
    told = [str(each) for each in as_list(tree["Layers"])]
    made = dict(of_type(template, list(LAYERS)))
    named = [body for id_, body in made.items() if any(re.search(rf"\b{re.escape(id_)}\b", each) for each in told)]
    return any(as_list(body.get("CompatibleRuntimes")) == [runtime] for body in named)


def _text(tree: Tree) -> str | None:
    """The code, a word for each value that is put in; None where it is elsewhere."""
    found: Plain = look_up(tree, ("Code", "ZipFile")) or tree.get("InlineCode")
    if isinstance(found, Unknown):
        head, _, rest = found.text.partition("\n")
        found = dedent(rest) if re.fullmatch(r"!Sub\s*[|>][-+\d]*\s*", head) else None
    return PUT_IN.sub("put_in", found) if isinstance(found, str) else None


def _runs_as_python(text: str) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"):
            parsed = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    names = {part for node in ast.walk(parsed) for part in _names(node)}
    return PLAIN_PYTHON.issuperset(_modules(parsed)) and GONE.isdisjoint(names)


def _modules(parsed: ast.Module) -> Iterator[str]:
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or ".").partition(".")[0]
        elif isinstance(node, ast.Name) and node.id in ("__import__", "eval", "exec"):
            yield node.id


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (part for each in node.names for part in each.name.split("."))
        yield from ((node.module or "").split(".") if isinstance(node, ast.ImportFrom) else ())
    elif isinstance(node, ast.keyword):
        yield f"{node.arg}="


def _runs_as_node(text: str) -> bool:
    return PLAIN_NODE.issuperset(REQUIRED.findall(text)) and not OTHER_CODE.search(REQUIRED.sub("", text))
