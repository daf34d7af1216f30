"""What bindings tell of a resource beside its own settings, in plain words: clauses by the raw form of what stands there. Data.

A clause says no more than the layout that found it out; a raw form that is not here is told as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping

IN_WORDS: Mapping[str, str] = {
    "calls-sudo is false": "nothing in it calls sudo, su or another set-uid program",
    "check/alone is true": "nothing else here is started from the image",
    "image-needs/asks is told": "it is known how its image tells that it works",
    "image-needs/root is told": "it is known what its image does as root",
    "image-needs/writes is told": "it is known where its image writes",
    "job/uses-git is false": "no step here is seen to need the token in the work tree",
    "job/uses-git is true": "a step may use git",
    "recommended is known": "what it installs recommends nothing else that anything is done with",
    "lists-used-later is false": "nothing here is seen to install packages later without fetching the lists",
    "relies-on/elsewhere is not set": "it is not known what they name",
    "relies-on/elsewhere is nothing": "what they name is made here",
    "source/default-group is no": "all here that gets to know the network has groups of its own",
    "source/deletion-policy is Retain": "it is kept when its stack is deleted",
    "source/deletion-policy is Snapshot": "a last snapshot is kept when it is deleted",
    "source/ftp is no": "FTP is off, or the code comes by another way",
    "source/listers is no": "nothing here that knows it uses access lists",
    "source/metadata is no": "its image asks for tokens, or nothing on it asks",
    "source/outsiders is no": "nothing here lets another account use it",
    "source/plain-http is no": "it turns plain HTTP away already",
    "source/project-keys is no": "OS Login decides who logs in, or the project has no keys",
    "source/public is no": "nothing here opens it to everybody",
    "source/readers is no": "only roles of this account read it",
    "source/strangers is no": "nothing here publishes to it that may not use the key",
    "source/throw-away is no": "nothing here tells that programs make and delete it",
    "template/makes is not set": "nothing here makes such things yet",
    "token-needs is known": "all steps tell what they do with the token",
    "uses-git is false": "nothing in its steps is seen to use git",
    "workload/any-group is false": "it is not known to run in any group",
    "workload/any-group is not set": "it is not known to run in any group",
    "workload/any-group is true": "its image runs in any group",
    "workload/any-user is false": "it is not known to run as any user",
    "workload/any-user is not set": "it is not known to run as any user",
    "workload/any-user is true": "its image runs as any user",
    "workload/can-leave-root is false": "it is not known to do without root",
    "workload/can-leave-root is not set": "it is not known to do without root",
    "workload/can-leave-root is true": "its image need not run as root",
    "workload/capabilities is not set": "it is not known which capabilities it needs",
    "workload/capabilities is told": "it is known which capabilities it needs",
    "workload/deep-syscalls is false": "nothing in it is seen to mount, trace or set the clock",
    "workload/gains-rights is false": "nothing in it is seen to gain rights, as sudo does",
    "workload/has-node-rights is false": "it is not privileged and has no added capabilities",
    "workload/has-node-rights is true": "it is privileged or has added capabilities",
    "workload/idle is not set": "nothing tells how much it needs",
    "workload/idle is true": "its image is known to wait and do nothing else",
    "workload/probes-are-served is false": "it is not known to listen on that port",
    "workload/probes-are-served is true": "it is known to listen on that port",
    "workload/pulled is true": "its images come from a registry",
    "workload/raw-sockets is false": "nothing in it is seen to send raw packets",
    "workload/replaceable is true": "its copies keep no data that the next would lack",
    "workload/sees-packets is false": "it has no rights over its node and not its network",
    "workload/sees-packets is true": "it has rights over its node, or its network",
    "workload/uses-api is false": "nothing in it is seen to use the Kubernetes API",
    "workload/uses-node is false": "it uses nothing of its node",
    "workload/uses-node is true": "it uses something of its node, such as privileges, capabilities or devices",
    "workload/writes is not set": "it is not known where it writes",
    "workload/writes is told": "it is known where it writes",
}
BEGINNINGS: Mapping[str, str] = {"relies-on/elsewhere is ": "not made here: "}  # of raw forms that end in names


def evidence_in_words(raw: str) -> str:
    """What stands there in plain words; as it is where there are none."""
    if raw in IN_WORDS:
        return IN_WORDS[raw]
    return next((words + raw.removeprefix(start) for start, words in BEGINNINGS.items() if raw.startswith(start)), raw)
