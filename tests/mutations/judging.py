"""Verdicts and fixes that are wrong: controls, bindings, policy."""

from tests.mutations.mutation import Mutation

CONTROLS = "src/setright/controls/"
LAYOUTS = "src/setright/bindings/layouts/"
JUDGE, OPERATORS = "tests/controls/test_judge.py::", "tests/controls/test_operators.py::"
SETTINGS, PLAN = "tests/bindings/test_settings.py", "tests/engine/test_plan.py::"

MUTATIONS = [
    Mutation(
        f"{CONTROLS}judge.py",
        "    if not mismatches:\n        return PASS\n",
        "    if all(isinstance(m.have, Unknown) for m in mismatches):\n        return PASS\n",
        f"{JUDGE}test_an_unknown_is_neither_pass_nor_fail_and_says_what_it_is",
        "what cannot be told counts as right",
    ),
    Mutation(
        f"{CONTROLS}judge.py",
        "    if failed:\n",
        "    if len(failed) == len(mismatches):\n",
        f"{JUDGE}test_what_fails_fails_whatever_is_unknown_beside_it",
        "a failure hides behind something unknown",
    ),
    Mutation(
        f"{CONTROLS}judge.py",
        "    have = requirement.default if value is None else value\n    if isinstance(have, Unknown)",
        "    have = value\n    if isinstance(have, Unknown)",
        f"{JUDGE}test_absent_with_a_right_default_holds",
        "what is right by default is called wrong",
    ),
    Mutation(
        f"{CONTROLS}judge.py",
        "    if resource.effective is not None:\n",
        "    if False:\n",
        f"{JUDGE}test_running_and_persistent_must_both_hold",
        "a file is right and the running program is not",
    ),
    Mutation(
        f"{CONTROLS}judge.py",
        "        if live and requirement.path[0] not in tree:\n            continue\n",
        "",
        f"{JUDGE}test_a_key_the_running_program_does_not_know_is_judged_by_its_file_alone",
        "what a program does not tell is called wrong",
    ),
    Mutation(
        f"{CONTROLS}judge.py",
        "    return matches(control.where, resource.tree)\n",
        "    return matches(control.where, resource.tree) is True\n",
        f"{JUDGE}test_where_that_cannot_be_told_is_not_skipped",
        "a resource that a control may speak of is passed over in silence",
    ),
    Mutation(
        f"{CONTROLS}judge.py",
        "    if meant is None:\n        why = item",
        "    if False:\n        why = item",
        f"{JUDGE}test_an_item_that_cannot_be_told_is_unknown",
        "a rule open to a variable range passes",
    ),
    Mutation(
        f"{CONTROLS}paths.py",
        "    if isinstance(node, Unknown):\n        yield path, _around(node)\n",
        "",
        f"{JUDGE}test_a_list_that_cannot_be_told_is_unknown",
        "a list that comes from a variable counts as empty",
    ),
    Mutation(
        f"{CONTROLS}operators.py",
        '"at-most": Operator(_compare(float.__le__)',
        '"at-most": Operator(_compare(float.__lt__)',
        f"{OPERATORS}test_a_remedy_holds",
        "the bound itself is called wrong, after its own fix too",
    ),
    Mutation(
        f"{CONTROLS}operators.py",
        "int(as_text(have), 8) & ~int(as_text(want), 8) == 0",
        "int(as_text(have), 8) & ~(int(as_text(want), 8) | 0o7) == 0",
        f"{OPERATORS}test_verdicts",
        "a file that all may read passes",
    ),
    Mutation(
        f"{CONTROLS}operators.py",
        '        return f"{int(as_text(have), 8) & int(as_text(want), 8):04o}"\n',
        "        return as_text(want)\n",
        f"{OPERATORS}test_a_remedy_changes_no_more_than_it_must",
        "a fix gives rights that were not there before",
    ),
    Mutation(
        f"{CONTROLS}operators.py",
        "    return [*as_list(have), *(w for w in as_list(want)",
        "    return [*(w for w in as_list(want)",
        f"{OPERATORS}test_a_remedy_changes_no_more_than_it_must",
        "a fix that adds to a list drops what was in it",
    ),
    Mutation(
        f"{CONTROLS}derive.py",
        '    if mismatch.op == "none":\n        return [Edit(mismatch.path, remove=True)]\n',
        '    if mismatch.op == "none":\n        return []\n',
        f"{JUDGE}test_none_finds_every_item_and_removes_it",
        "what must go stays",
    ),
    Mutation(
        f"{CONTROLS}derive.py",
        '    known = {name: about["default"] for name, about in control.params.items() if "default" in about} | values\n',
        "    known = values\n",
        f"{JUDGE}test_a_parameter_has_its_default_until_somebody_sets_it",
        "a parameter that nobody set makes its control useless",
    ),
    Mutation(
        f"{CONTROLS}derive.py",
        "        side = live if mismatch.live else edits\n",
        "        side = edits\n",
        f"{JUDGE}test_running_and_persistent_mismatches_give_edits_of_their_own",
        "the running value stays wrong until the next start",
    ),
    Mutation(
        f"{LAYOUTS}settings.py",
        '    elif last not in tree or layout.get("wins") == "last":\n',
        "    else:\n",
        SETTINGS,
        "of two files that set a value the wrong one is judged",
    ),
    Mutation(
        f"{LAYOUTS}settings.py",
        '    return any(locator.startswith(f"{prefix}/") for prefix in layout.get("vendor", ()))\n',
        "    return False\n",
        SETTINGS,
        "a file of the distribution is edited, and the next upgrade takes it back",
    ),
    Mutation(
        f"{LAYOUTS}settings.py",
        "    for scope in scopes(layout, sources):\n        seen.append(_conditional(layout, seen, scope))\n",
        "",
        SETTINGS,
        "what a Match block allows is not seen",
    ),
    Mutation(
        "src/setright/policy/decide.py",
        "        if answer.holds:\n",
        "        if False:\n",
        f"{PLAN}test_a_fact_clears_a_fix_or_does_not",
        "a fix runs by itself though evidence says it breaks something",
    ),
    Mutation(
        "src/setright/policy/decide.py",
        "[f for f in fears if f[2].holds is None]",
        "[f for f in fears if f[1] == 'ask']",
        f"{PLAN}test_a_fact_clears_a_fix_or_does_not",
        "a question that nobody could answer counts as cleared",
    ),
    Mutation(
        "src/setright/policy/decide.py",
        '    if effect.undo == "none":\n',
        "    if False:\n",
        f"{PLAN}test_what_cannot_be_undone_is_never_automatic",
        "what cannot be undone runs by itself",
    ),
    Mutation(
        "src/setright/policy/exceptions.py",
        "        return self.made_at <= now < self.until\n",
        "        return self.made_at <= now\n",
        "tests/policy/test_exceptions.py::test_an_exception_ends_to_the_second",
        "an exception never ends",
    ),
]
