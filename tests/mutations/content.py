"""Controls and bindings that say the wrong thing: their own examples must tell."""

from tests.mutations.mutation import Mutation

PROMISES = "tests/test_controls.py::test_a_control_keeps_its_promises"

MUTATIONS = [
    Mutation(
        "controls/linux/sshd/root-login.yaml",
        "  PermitRootLogin: prohibit-password\n",
        "  PermitRootLogin: no\n",
        f"{PROMISES}[linux/sshd/root-login]",
        "a wrong default: an untouched sshd_config passes and lets root in",
    ),
    Mutation(
        "controls/linux/sshd/root-login.yaml",
        "default:\n  PermitRootLogin: prohibit-password\n",
        "",
        f"{PROMISES}[linux/sshd/root-login]",
        "no default: nobody knows what holds when the key is absent",
    ),
    Mutation(
        "controls/linux/sshd/idle-interval.yaml",
        "fix: {ClientAliveInterval: 300}",
        "fix: {ClientAliveInterval: 600}",
        f"{PROMISES}[linux/sshd/idle-interval]",
        "a fix that its own requirement calls wrong",
    ),
    Mutation(
        "controls/linux/file-access/shadow.yaml",
        '  mode: {bits-within: "0640"}',
        '  mode: {bits-within: "0644"}',
        f"{PROMISES}[linux/file-access/shadow]",
        "password hashes that all may read",
    ),
    Mutation(
        "controls/aws/s3/versioning.yaml",
        "require: {VersioningConfiguration/Status: Enabled}",
        "require: {VersioningConfiguration/Status: Suspended}",
        f"{PROMISES}[aws/s3/versioning]",
        "the wrong way round: buckets with versions lose them",
    ),
    Mutation(
        "bindings/aws/s3/bucket.yaml",
        "at: versioning_configuration/status, alone: true}",
        "at: versioning_configuration/state, alone: true}",
        f"{PROMISES}[aws/s3/versioning]",
        "a path that no Terraform resource has",
    ),
    Mutation(
        "bindings/linux/sshd.yaml",
        "  wins: first\n",
        "  wins: last\n",
        "tests/bindings/test_settings.py",
        "the drop-in that counts is judged not to",
    ),
    Mutation(
        "bindings/linux/sshd.yaml",
        "  cuts-us-off: true\n",
        "",
        "tests/engine/test_plan.py::test_what_could_lock_us_out_is_planned_with_a_switch_and_a_checker",
        "nothing brings us back in when a change of sshd locks us out",
    ),
]
