"""Lenses that read or write wrong."""

from tests.mutations.mutation import Mutation

LENSES = "src/setright/lenses/"
SSHD, PUT = f"{LENSES}sshd/", "tests/lenses/test_sshd.py::"
ODD = "test_one_setting_changes_in_odd_but_valid_files"

CRON, NFT = "tests/lenses/test_crontab.py::", "tests/lenses/test_nftables.py::"

MUTATIONS = [
    Mutation(
        f"{SSHD}values.py",
        "    first = group[0]\n",
        "    first = group[-1]\n",
        f"{PUT}{ODD}",
        "sshd reads the first value of a keyword, not the last",
    ),
    Mutation(
        f"{SSHD}put.py",
        "    before = config.lines[: head.number - 1] if head else config.lines\n",
        "    before = config.lines\n",
        f"{PUT}{ODD}",
        "a global keyword goes into a Match block",
    ),
    Mutation(
        f"{SSHD}put.py",
        "    for line in before[last_include:]:\n",
        "    for line in before:\n",
        f"{PUT}test_a_new_keyword_never_goes_above_an_include",
        "a new keyword stands above an Include and overrules it",
    ),
    Mutation(
        f"{SSHD}parse.py",
        ' if meant.shape == "rest" else words[-1].end if words else start\n',
        "\n",
        f"{PUT}{ODD}",
        "a comment behind a value is taken for the value and lost",
    ),
    Mutation(
        f"{SSHD}put.py",
        "        return [delete(config.text, each.line) for each in group]\n",
        "        return [delete(config.text, each.line) for each in group[:1]]\n",
        f"{PUT}test_removing_a_keyword_removes_all_lines_that_set_it",
        "a removed keyword still holds from its second line",
    ),
    Mutation(
        f"{LENSES}lines.py",
        '    return "\\r\\n" if at > 0 and text[at - 1] == "\\r" else "\\n"\n',
        '    return "\\n"\n',
        f"{PUT}{ODD}",
        "a new line in a file with CRLF ends with LF",
    ),
    Mutation(
        f"{LENSES}lines.py",
        '    if (at := source.find(b"\\0")) >= 0:\n',
        "    if (at := 0) > 0:\n",
        "tests/lenses/test_lines.py",
        "text behind a NUL byte is judged, which no program reads",
    ),
    Mutation(
        f"{LENSES}pairs.py",
        "        return [Replacement(mine[-1].start, mine[-1].end, new)]\n",
        "        return [Replacement(mine[0].start, mine[0].end, new)]\n",
        f"tests/lenses/test_sysctl.py::{ODD}",
        "a value is set on a line that a later one overrules",
    ),
    Mutation(
        f"{LENSES}pairs.py",
        "    return {pair.key: pair.value for pair in pairs}\n",
        "    return {pair.key: pair.value for pair in reversed(pairs)}\n",
        f"tests/lenses/test_sysctl.py::{ODD}",
        "the first value of a key is read where the last one holds",
    ),
    Mutation(
        f"{LENSES}_edit.py",
        "            self._refuse_shared(node, slot.path)\n        if isinstance(node, Mapping) and isinstance(have",
        "            pass\n        if isinstance(node, Mapping) and isinstance(have",
        "tests/lenses/test_yaml.py::test_an_edit_through_an_alias_or_under_a_shared_anchor_is_refused",
        "an edit through an alias changes what others refer to",
    ),
    Mutation(
        f"{LENSES}_yaml_read.py",
        '("false", "no", "off")',
        '("false", "off")',
        "tests/lenses/test_yaml.py::test_a_plain_scalar_means_what_kubernetes_reads",
        "`privileged: no` is read as a text",
    ),
    Mutation(
        f"{LENSES}_yaml_read.py",
        "            if key.text in seen:\n",
        "            if False:\n",
        "tests/lenses/test_yaml.py::test_what_cannot_be_understood_is_refused_with_its_line",
        "of a key that stands twice one is judged and the other may hold",
    ),
    Mutation(
        f"{LENSES}_hcl_edit.py",
        "    signs = list(write.settled(text, items_at(parsed(text), inside), before))\n",
        "    signs = []\n",
        "tests/lenses/test_hcl.py::test_a_new_argument_stands_where_a_person_would_put_it",
        "`terraform fmt` moves what we wrote",
    ),
    Mutation(
        f"{LENSES}_hcl_edit.py",
        "    start, end = write.line_start(text, start), next_line(text, end)\n",
        "    start = write.line_start(text, start)\n",
        "tests/lenses/test_hcl.py::test_what_goes_takes_its_lines_along",
        "a removed argument leaves its comment behind",
    ),
    Mutation(
        f"{LENSES}dockerfile.py",
        "        if pieces and _is_blank(text, (start, stop)):\n            continue\n",
        "",
        "tests/lenses/test_dockerfile.py::test_an_instruction_is_one_logical_line",
        "a comment between continued lines is taken for a command",
    ),
    Mutation(
        f"{LENSES}_json_write.py",
        'return JsonStyle(indent[1] if indent else "  ",',
        'return JsonStyle("  ",',
        "tests/lenses/test_json.py::test_new_keys_are_indented_as_the_file_is",
        "what is new in a JSON file is indented otherwise than the rest",
    ),
    Mutation(
        f"{LENSES}pg_hba.py",
        "        return Replacement(there[0].start, there[0].start,",
        "        return Replacement(len(text), len(text),",
        "tests/lenses/test_pg_hba.py::test_a_rule_can_be_put_before_the_others",
        "the first rule that fits counts, so a rule at the end does nothing",
    ),
    Mutation(
        f"{LENSES}__init__.py",
        "    if not same(got, want):\n",
        "    if False:\n",
        "tests/lenses/test_lines.py",
        "a lens that changes more than it was asked to is believed",
    ),
    Mutation(
        "src/setright/trees.py",
        "    return bool(type(a) is type(b) and a == b)\n",
        "    return bool(a == b)\n",
        "tests/lenses/test_lines.py",
        "true and 1 count as one value, so an edit of one to the other is dropped",
    ),
    Mutation(
        f"{LENSES}_crontab.py",
        ' if names_users else ""\n        self._job',
        "\n        self._job",
        f"{CRON}test_settings_and_jobs_are_told_in_order_with_their_accounts",
        "the first word of a command is taken for the account that a job runs as",
    ),
    Mutation(
        f"{LENSES}_nft_read.py",
        'elif kind == "end" and depth == 0:',
        'elif kind == "end":',
        f"{NFT}test_tables_chains_sets_and_all_else_are_told",
        "a table of nft ends at its first line",
    ),
    Mutation(
        f"{LENSES}nftables.py",
        '        stop = found["hook"].stop\n',
        '        stop = found["hook"].end\n',
        f"{NFT}test_one_place_changes",
        "a policy is put before the semicolon of what it belongs to, and nft refuses the file",
    ),
    Mutation(
        f"{LENSES}iptables.py",
        '            mine[-1].value["rules"].append(match["rule"])\n',
        "",
        "tests/lenses/test_iptables.py::test_tuples_of_ufw_are_told_with_their_rules",
        "a rule of ufw goes from its list and stays in the packet filter",
    ),
]
