"""What a script asks of GitHub, and the rights for it: by commands of gh, by calls of octokit, and by paths of the API.

docs.github.com, Permissions required for GitHub Apps: which right a path needs; to read it, or with another method to write.
"""

from __future__ import annotations

from setright.model import Plain
from setright.patterns import late

ASKS = {  # what writes
    "contents": late(
        r"\bgh\s+(?:release\s+(?:create|edit|delete|upload)|pr\s+merge)|createRelease|uploadReleaseAsset|\.git\.\w+\("
        r"|createOrUpdateFileContents|createDispatchEvent"
    ),
    "issues": late(r"\bgh\s+(?:issue|label)\s+(?!list|view|status)\w|github\.(?:rest\.)?issues\.(?!get|list)\w"),
    "pull-requests": late(
        r"\bgh\s+pr\s+(?!list|view|diff|checks|checkout|status)\w|github\.(?:rest\.)?pulls\.(?!get|list)\w"
        r"|github\.(?:rest\.)?issues\.(?:create|update|delete)Comment|github\.(?:rest\.)?issues\.(?:add|remove|set)\w*Label"
    ),
    "checks": late(r"github\.(?:rest\.)?checks\.(?!get|list)\w"),
    "actions": late(
        r"\bgh\s+(?:workflow|run|cache)\s+(?!list|view|watch|download)\w|github\.(?:rest\.)?actions\.(?!get|list|download)\w"
    ),
    "statuses": late(r"createCommitStatus"),
    "deployments": late(r"createDeployment"),
}
ASKED = late(
    r"\bgh\s+(?P<word>release|issue|label|pr|workflow|run|cache|repo\s+(?:view|clone))\b"
    r"|github\.(?:rest\.)?(?P<name>issues|pulls|checks|actions)\.\w+|createRelease|uploadReleaseAsset"
)
READS = {
    "issue": "issues",
    "label": "issues",
    "pr": "pull-requests",
    "pulls": "pull-requests",
    "workflow": "actions",
    "run": "actions",
}
READS |= {"cache": "actions", "issues": "issues", "checks": "checks", "actions": "actions"}
PATHS = {  # of the API, below a repository
    "actions": late(r"/actions/"),
    "checks": late(r"/check-(?:runs|suites)\b"),
    "contents": late(r"/(?:releases|contents|git|dispatches|merges|branches|tags|tarball|zipball|commits|compare|readme)\b"),
    "deployments": late(r"/(?:deployments|environments)\b"),
    "issues": late(r"/(?:issues|labels|milestones)\b"),
    "packages": late(r"/packages\b"),
    "pages": late(r"/pages\b"),
    "pull-requests": late(r"/(?:pulls|issues)\b"),
    "security-events": late(r"/code-scanning\b"),
    "statuses": late(r"/statuses\b"),
}
CALL = late(r"\bgh\s+api\b|api\.github\.com|\bGITHUB_API_URL\b|github\.(?:request|paginate)\(\s*['\"`]")
WRITES = late(
    r"(?:-X|--method|--request)[\s=]*['\"]?(?:POST|PUT|PATCH|DELETE)|['\"`](?:POST|PUT|PATCH|DELETE) /|\s-[fFd]\s"
    r"|--(?:raw-)?field\b|--data\b|--input\b|--upload-file\b|\bmethod:"
)
CONTINUED = late(r"\\\n\s*")
OPAQUE = late(  # what may ask for anything
    r"github\.graphql|\bgh\s+api\s+graphql|/graphql\b|require\(|\bimport\(|\./"
    r"|github\.(?:rest\.)?(?!rest\b|issues|pulls|checks|actions|event|context|paginate|request)\w+\.(?!get|list|download)\w"
)


def rights_asked(text: str) -> dict[str, str]:
    """The rights that a text asks of GitHub for, by the names of what it calls."""
    named = (found["word"] or found["name"] or "" for found in ASKED.finditer(text))
    reads = {READS[name]: "read" for name in named if name in READS}
    return reads | {right: "write" for right, pattern in ASKS.items() if pattern.search(text)}


def by_path(text: str) -> dict[str, str] | None:
    """The rights for the paths that a text calls of the API, to write where it does anywhere; None where a path is not told."""
    level = "write" if WRITES.search(text) else "read"
    found: dict[str, str] = {}
    for line in CONTINUED.sub(" ", text).splitlines():
        if CALL.search(line):
            rights = [right for right, pattern in PATHS.items() if pattern.search(line)]
            if not rights:
                return None
            found |= dict.fromkeys(rights, level)
    return found


def step_words(step: Plain) -> str:
    """All texts of a step, one a line."""
    if isinstance(step, dict | list):
        return "\n".join(step_words(each) for each in (step.values() if isinstance(step, dict) else step))
    return str(step)
