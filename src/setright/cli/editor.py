"""A language server: what is wrong in open source files, why, and the exact edits that put it right.

Source: Language Server Protocol 3.17. Everything is judged in memory; the server itself writes no file.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from setright import __version__
from setright.app import App, ScanOptions
from setright.cli.lines import sentence, unknown
from setright.controls.page import effect
from setright.controls.words import brief
from setright.engine.redact import OF_THIS_PROCESS, redact_text
from setright.engine.scan import Found, Scan
from setright.engine.text_edits import Fix, Ruler, fix_of
from setright.model import Plan
from setright.surfaces.base import SurfaceError
from setright.surfaces.iac.overlay import Overlay
from setright.surfaces.iac.walk import lens_of

T = TypeVar("T")
DEBOUNCE_S = 0.3
OTHERS_S = 1.0  # after which the other open texts of the tree are judged anew: a value may stand in one of them
LEVELS = {
    "critical": lsp.DiagnosticSeverity.Error,
    "high": lsp.DiagnosticSeverity.Error,
    "medium": lsp.DiagnosticSeverity.Warning,
    "low": lsp.DiagnosticSeverity.Information,
    "info": lsp.DiagnosticSeverity.Hint,
}
LINE = re.compile(r"\bline (\d+)")
MOST_IN_MENU = 40  # fixes that are made for a menu, which nobody reads to its end
MOST_UNASKED = 400  # findings whose fix is made at once, for an editor that does not ask once it is chosen
FIX_ALL = "source.fixAll.setright"
SAFE = "Put right all that is safe in this file"


class Text(NamedTuple):
    """An open text, and the editor's number for it."""

    version: int | None
    source: str


class Sight(NamedTuple):
    """One open document as it was judged, and by URI the open texts of its tree at that moment."""

    uri: str
    seen: Mapping[str, Text]
    root: Path
    locator: str
    surface: Overlay
    scan: Scan

    @property
    def text(self) -> Text:
        return self.seen[self.uri]

    @property
    def found(self) -> list[Found]:
        """The findings that stand in this document."""
        return [found for found in self.scan.found if found.finding.location.path == self.locator]


class EditorSession:
    """One editor's session. Judging runs in a thread, one at a time, so that typing is never held up."""

    def __init__(self, app: App, ask: ScanOptions) -> None:
        self.server = LanguageServer("setright", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Full)
        self._app = app
        self._ask = ask
        self._sights: dict[str, Sight] = {}
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._one_at_a_time = ThreadPoolExecutor(1)
        self._register()

    def _register(self) -> None:
        self._serve(lsp.TEXT_DOCUMENT_DID_OPEN, self.opened)
        self._serve(lsp.TEXT_DOCUMENT_DID_SAVE, self.saved)
        self._serve(lsp.TEXT_DOCUMENT_DID_CHANGE, self.changed)
        self._serve(lsp.TEXT_DOCUMENT_DID_CLOSE, self.closed)
        self._serve(lsp.TEXT_DOCUMENT_HOVER, self.hover)
        kinds = lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix, FIX_ALL], resolve_provider=True)
        self._serve(lsp.TEXT_DOCUMENT_CODE_ACTION, self.code_actions, kinds)
        self._serve(lsp.CODE_ACTION_RESOLVE, self.resolved)

    def _serve(self, method: str, answer: Callable[[Any], Awaitable[Any]], options: Any = None) -> None:
        async def handle(params: Any) -> Any:  # pygls marks what it is given, which a bound method does not bear
            return await answer(params)

        self.server.feature(method, options)(handle)

    async def opened(self, params: lsp.DidOpenTextDocumentParams) -> None:
        self._soon(params.text_document.uri, 0)

    async def saved(self, params: lsp.DidSaveTextDocumentParams) -> None:
        self._soon(params.text_document.uri, 0)

    async def changed(self, params: lsp.DidChangeTextDocumentParams) -> None:
        self._soon(params.text_document.uri, DEBOUNCE_S)
        self._soon_others(params.text_document.uri)

    async def closed(self, params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        if task := self._waiting.pop(uri, None):
            task.cancel()
        self._sights.pop(uri, None)
        self.server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))
        self._soon_others(uri)

    async def hover(self, params: lsp.HoverParams) -> lsp.Hover | None:
        sight = await self._sight(params.text_document.uri)
        here = [found for found in sight.found if _line(found) == params.position.line] if sight else []
        if not here:
            return None
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, "\n\n---\n\n".join(map(_explained, here))))

    async def code_actions(self, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        sight = await self._sight(params.text_document.uri)
        if sight is None:
            return []
        asked = params.context.only
        here = range(params.range.start.line, params.range.end.line + 1)
        mine = [found for found in sight.found if _line(found) in here] if _is_asked(lsp.CodeActionKind.QuickFix, asked) else []
        actions = [each for found in mine[:MOST_IN_MENU] for each in await self._action(sight, [found], found.control.title)]
        if sight.found and not asked and self._comes_back():
            actions.append(lsp.CodeAction(SAFE, FIX_ALL, data=params.text_document.uri))
        elif sight.found and _is_asked(FIX_ALL, asked) and (asked or len(sight.found) <= MOST_UNASKED):
            actions += await self._action(sight, sight.found, "")
        return actions

    async def resolved(self, action: lsp.CodeAction) -> lsp.CodeAction:
        """The action with its edit, which is made when it was chosen: a menu that opens asks for all of them."""
        sight = await self._sight(str(action.data)) if action.data else None
        made = await self._action(sight, sight.found, "") if sight else []
        action.edit = made[0].edit if made else lsp.WorkspaceEdit()
        return action

    def _comes_back(self) -> bool:
        """Whether the editor asks for an action's edit once it was chosen."""
        documents = self.server.client_capabilities.text_document
        known = documents.code_action.resolve_support if documents and documents.code_action else None
        return known is not None and "edit" in known.properties

    async def _action(self, sight: Sight, found: list[Found], title: str) -> list[lsp.CodeAction]:
        """One action, or none where there is no fix. Without a title: all that needs nobody's word."""
        options = self._app.options(sight.surface, self._ask, together=bool(title))
        fix = await self._in_thread(lambda: fix_of(sight.scan, sight.surface, found, options))
        if not fix.edits:
            return []
        if _has_moved(sight, fix):
            self._soon(sight.uri, 0)
            return []
        edit = self._workspace_edit(sight, fix)
        if not title:
            return [lsp.CodeAction(f"{SAFE} ({sum(len(p.findings) for p in fix.plans)})", FIX_ALL, edit=edit)]
        safe = all(plan.lane == "auto" for plan in fix.plans)
        name = f"Put right: {title}" + ("" if safe else f" ({_fear(fix.plans[-1])})")
        diagnostics = [self._diagnostic(sight, found[0])]
        return [lsp.CodeAction(name, lsp.CodeActionKind.QuickFix, diagnostics, is_preferred=safe, edit=edit)]

    def _workspace_edit(self, sight: Sight, fix: Fix) -> lsp.WorkspaceEdit:
        changes: list[lsp.TextDocumentEdit] = []
        for locator, edits in fix.edits.items():
            text = (sight.scan.world.documents[locator].data or b"").decode()
            ranged = [lsp.TextEdit(self._range(text, edit.start, edit.end), edit.text) for edit in edits]
            uri = next(
                (u for u in sight.seen if self._locator(u, sight.root) == locator), from_fs_path(str(sight.root / locator)) or ""
            )
            version = sight.seen[uri].version if uri in sight.seen else None  # an editor refuses edits of an older text
            identifier = lsp.OptionalVersionedTextDocumentIdentifier(uri, version)
            changes.append(lsp.TextDocumentEdit(identifier, list(ranged)))
        return lsp.WorkspaceEdit(document_changes=list(changes))

    def _soon(self, uri: str, wait_s: float) -> None:
        """Judges the document after a pause in which nothing more comes."""
        if task := self._waiting.pop(uri, None):
            task.cancel()
        self._waiting[uri] = asyncio.create_task(self._publish(uri, wait_s))

    def _soon_others(self, uri: str) -> None:
        """Judges the other open texts of a document's tree anew."""
        root = self._root(uri)
        for other in self._open():
            if other != uri and self._root(other) == root:
                self._soon(other, OTHERS_S)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Who stops waiting does not let the next begin earlier: what has begun ends first."""
        return await asyncio.get_running_loop().run_in_executor(self._one_at_a_time, work)

    async def _publish(self, uri: str, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        sight = await self._sight(uri, anew=True)
        if sight and uri in self._open():
            told = [self._diagnostic(sight, found) for found in sight.found]
            told += [self._unread(sight, each.why) for each in sight.scan.problems if each.locator == sight.locator]
            self.server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, told, sight.text.version))

    async def _sight(self, uri: str, anew: bool = False) -> Sight | None:
        """The document as judged now; None for a file of no format of ours."""
        if uri not in self._open() or lens_of((to_fs_path(uri) or "").rpartition("/")[2]) is None:
            return None
        root = self._root(uri)
        seen = {each: text for each, text in self._open().items() if _file(each).is_relative_to(root)}
        known = self._sights.get(uri)
        if known and not anew and known.seen == seen:
            return known
        try:
            self._sights[uri] = await self._in_thread(lambda: self._judged(uri, root, seen))
        except SurfaceError as error:
            self.server.window_log_message(lsp.LogMessageParams(lsp.MessageType.Warning, redact_text(str(error))))
            return None
        return self._sights[uri]

    def _judged(self, uri: str, root: Path, seen: Mapping[str, Text]) -> Sight:
        texts = {self._locator(each, root): text.source.encode() for each, text in seen.items()}
        locator = self._locator(uri, root)
        surface = Overlay(root, texts | {locator: seen[uri].source.encode()}, locator)
        return Sight(uri, seen, root, locator, surface, self._app.look(surface, self._ask))

    def _open(self) -> dict[str, Text]:
        """The files that are open, by URI; half a sign, as a selection may leave one, reads as ``?``."""
        documents = self.server.workspace.text_documents.values()  # its keys are not as the editor wrote them: %20 is a blank there
        return {each.uri: Text(each.version, _whole(each.source)) for each in documents if each.uri.startswith("file:")}

    def _root(self, uri: str) -> Path:
        """The innermost folder of the workspace that holds the file, else the file's own."""
        file = _file(uri)
        folders = [_file(folder) for folder in self.server.workspace.folders]
        around = [folder for folder in folders if file.is_relative_to(folder)]
        return max(around, key=lambda folder: len(folder.parts), default=file.parent)

    def _locator(self, uri: str, root: Path) -> str:
        file = _file(uri)
        return file.relative_to(root).as_posix() if file.is_relative_to(root) else ""

    def _diagnostic(self, sight: Sight, found: Found) -> lsp.Diagnostic:
        why = unknown(found, OF_THIS_PROCESS)
        told = sentence(found, OF_THIS_PROCESS)
        message = f"Cannot be told: {found.control.title} ({why})" if why else f"{found.control.title}: {told}"
        level = lsp.DiagnosticSeverity.Information if why else LEVELS[found.finding.severity]
        link = lsp.CodeDescription(found.control.source) if found.control.source.startswith("https://") else None
        place = self._line_range(sight.text.source, _line(found))
        return lsp.Diagnostic(place, redact_text(message), level, found.control.id, link, "setright", data=found.finding.id)

    def _unread(self, sight: Sight, why: str) -> lsp.Diagnostic:
        """What could not be understood, so that silence is not taken for all being right."""
        at = LINE.search(why)
        place = self._line_range(sight.text.source, int(at[1]) - 1 if at else 0)
        return lsp.Diagnostic(place, f"Not judged: {redact_text(why)}", lsp.DiagnosticSeverity.Information, source="setright")

    def _line_range(self, text: str, line: int) -> lsp.Range:
        return self._range(text, *_ruler(text).written(line))

    def _range(self, text: str, start: int, end: int) -> lsp.Range:
        encoding = str(getattr(self.server.workspace.position_encoding, "value", self.server.workspace.position_encoding))
        first, last = (lsp.Position(*_ruler(text).position(offset, encoding)) for offset in (start, end))
        return lsp.Range(first, last)


@lru_cache(maxsize=4)
def _ruler(text: str) -> Ruler:
    return Ruler(text)


def _file(uri: str) -> Path:
    return Path(to_fs_path(uri) or "/").resolve()


def _whole(text: str) -> str:
    return text.encode(errors="replace").decode()


def _has_moved(sight: Sight, fix: Fix) -> bool:
    """Whether a file that is not open was written since it was judged, so that edits of it would meet another text."""
    judged, now = sight.scan.world.documents, sight.surface.again(list(fix.edits))
    return any(name not in now or now[name].data != judged[name].data for name in fix.edits)


def _line(found: Found) -> int:
    return (found.finding.location.line or 1) - 1


def _is_asked(kind: str, only: Sequence[str | lsp.CodeActionKind] | None) -> bool:
    """Whether a client that asks for some kinds asks for this one; a kind stands for those below it."""
    asked = [str(getattr(each, "value", each)) for each in only or ()]
    return not asked or any(kind == each or kind.startswith(f"{each}.") for each in asked)


def _fear(plan: Plan) -> str:
    """Why a plan is not done without a word, in a menu's space: the first thing that it may break."""
    fears = [sentence for sentence, _, answer in plan.breaks_if if answer.holds is not False]
    more = f"; and {len(fears) - 1} more" if len(fears) > 1 else ""
    return f"may break something if {fears[0]}{more}" if fears else brief(plan.reason)


def _explained(found: Found) -> str:
    control = found.control
    breaks = [f"- {sentence}" for sentence in control.breaks_if]
    parts = [f"**{control.title}** (`{control.id}`, {control.severity})", " ".join(control.why.split())]
    parts += ["Putting it right may break something if:\n" + "\n".join(breaks)] if breaks else []
    parts += [effect(control.effect)]
    parts += [f"By hand: {control.by_hand.strip()}"] if control.by_hand else []
    return "\n\n".join([*parts, f"[Source]({control.source})"])
