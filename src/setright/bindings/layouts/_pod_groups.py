"""What images have for group 0, by which any user runs them (Red Hat's guidelines for OpenShift), and which root alone runs.

Kubernetes documentation: Configure a Security Context (runAsGroup); a user that its image does not know is in group 0.
"""

from __future__ import annotations

from setright.bindings.layouts._image_needs import Needs
from setright.bindings.trees import look_up
from setright.model import Edit, Tree
from setright.trees import as_list

USER = ("securityContext", "runAsUser")
GROUP = ("securityContext", "runAsGroup")
FOR_ROOT_ALONE = "has an image that starts as root alone"


def is_by_group(needs: Needs) -> bool:
    """Whether any user runs it by group 0 alone: it may write to files of its own."""
    return needs.get("any-user") is True and "writes" not in needs


def refused_for_group(shown: Tree, needs: Needs, wanted: Edit) -> str:
    """Why a container cannot get that user or group beside what it has of the other; empty where nothing tells."""
    if wanted.path[3:] == GROUP and not wanted.remove and is_for_root_alone(shown, needs):
        return FOR_ROOT_ALONE
    group = look_up(shown, GROUP)
    if wanted.path[3:] == GROUP and isinstance(group, int) and group != 0 and not needs.get("anyone"):
        return f"is told to run in group {group}; find out which files belong to that number first"
    if wanted.remove or not is_by_group(needs) or wanted.value == 0:
        return ""
    if wanted.path[3:] == GROUP:
        return "has files for group 0, by which any user runs it"
    is_kept_out = wanted.path[3:] == USER and group not in (None, 0)
    return f"has files for group 0, and is told to run in group {group}" if is_kept_out else ""


def is_for_root_alone(shown: Tree, needs: Needs) -> bool:
    """Whether its image's own start fails for others than root, and no variable of its environment keeps it from that."""
    but_with = needs.get("root-alone")
    if but_with is None or shown.get("command") or look_up(shown, USER) not in (None, 0):
        return False
    return not any(isinstance(each, dict) and each.get("name") in but_with for each in as_list(shown.get("env")))
