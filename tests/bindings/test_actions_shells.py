"""Expressions in scripts of shells other than a POSIX one, and in JavaScript."""

from __future__ import annotations

import pytest

from setright.bindings.layouts import _workflow_javascript, _workflow_powershell, _workflow_shells, _workflow_text

ON = "${{ inputs.a }}"
IN = "${env:A}"


def powershell(script: str) -> str | None:
    return _workflow_powershell.with_variable(script, ON, "A", ("${{ matrix.b }}",))


@pytest.mark.parametrize(
    ("script", "new"),
    [
        (f'echo "v{ON}.1"', f'echo "v{IN}.1"'),
        (f"echo 'v {ON}.1'", f'echo "v {IN}.1"'),
        (f'cd {ON}\ncopy a/{ON}/b "it\'s"', f'cd {IN}\ncopy "a/{IN}/b" "it\'s"'),
        (f"git clone `\n  --branch v{ON} `\n  a", f'git clone `\n  --branch "v{IN}" `\n  a'),
        (f"$x = git tag -a={ON}; b", f'$x = git tag "-a={IN}"; b'),
        (f"foo ${{env:B}} {ON}-${{{{ matrix.b }}}}", f'foo ${{env:B}} "{IN}-${{{{ matrix.b }}}}"'),
        (f'@"\n"a" {ON}\n"@ | Out-File b', f'@"\n"a" {IN}\n"@ | Out-File b'),
        (f'if ("{ON}" -eq "") {{ exit 1 }}', f'if ("{IN}" -eq "") {{ exit 1 }}'),
        (f'# it\'s "one\necho "$(date) {ON}"', f'# it\'s "one\necho "$(date) {IN}"'),
        (f"# {ON}\na", f"# {IN}\na"),
        (f'echo "`"{ON}" "a""{ON}"', f'echo "`"{IN}" "a""{IN}"'),
    ],
)
def test_powershell_fills_in_a_variable_between_double_quotes(script: str, new: str) -> None:
    assert powershell(script) == new


@pytest.mark.parametrize(
    "script",
    [
        f"{ON}/a.exe upgrade",
        f"$x = {ON}",
        f"if ({ON} -eq 1) {{ exit 1 }}",
        f"return {ON}",
        f"Get-Item -Path:{ON}",
        f"echo a,{ON}",
        f"echo {ON}[0]",
        f"echo a{ON}$b",
        f"echo '$b {ON}'",
        f"echo 'it''s {ON}'",
        f"@'\n{ON}\n'@ | Out-File b",
        f'echo "$(a {ON})"',
        f'echo "$(a "b") {ON}"',
        f"$x.b = {ON}",
    ],
)
def test_where_powershell_fills_nothing_in_an_expression_stays(script: str) -> None:
    assert powershell(script) is None


@pytest.mark.parametrize(
    ("script", "new"),
    [
        (f"if ({ON} === false)", "if (JSON.parse(process.env.A) === false)"),
        (f"const a = {ON};", "const a = JSON.parse(process.env.A);"),
        (f"a({ON}, '{ON}')", "a(JSON.parse(process.env.A), process.env.A)"),
        (f"return {ON}\n", "return JSON.parse(process.env.A)\n"),
        (f"a ? 1\n  : {ON};", "a ? 1\n  : JSON.parse(process.env.A);"),
        (f"{ON}", None),
        (f"a();\n{ON}\nb()", None),
        (f"context.{ON}", None),
        (f"a = {ON}.b", None),
        (f"a = {ON}b", None),
        (f"`a ${{ {ON} }}`", None),
    ],
)
def test_what_is_code_in_javascript_is_parsed_where_a_value_stands(script: str, new: str | None) -> None:
    assert _workflow_javascript.with_property(script, ON, "A", is_value=True) == new


def test_flags_of_powershell_stay_apart() -> None:
    flags = "${{ inputs.build_flags }}"
    assert _workflow_powershell.with_variable(f"cmake {flags}", flags, "A") is None
    assert _workflow_powershell.with_variable(f'cmake "{flags}"', flags, "A") == f'cmake "{IN}"'


def test_only_what_is_json_is_parsed_where_anybody_writes_it() -> None:
    event = "${{ toJSON(github.event) }}"
    assert _workflow_javascript.with_property(f"a({event})", event, "A") == "a(JSON.parse(process.env.A))"
    assert _workflow_javascript.with_property(f"a({ON})", ON, "A") is None


@pytest.mark.parametrize(
    ("expression", "is_code"),
    [
        ("inputs.a && '-E \"b\"' || ''", True),
        ("inputs.a && '-E b' || ''", False),
        ("env.EXCLUDE", True),
        ("env.PLAIN", False),
        ("inputs.quoted", True),
        ("github.event.inputs.plain", False),
        ("contains(fromJSON('[\"a\"]'), inputs.plain)", False),
        ("format('a{0}', inputs.plain)", False),
    ],
)
def test_what_has_quotes_in_the_file_is_code_where_it_stands_in_none(expression: str, is_code: bool) -> None:
    env = {"EXCLUDE": "${{ inputs.a && '-E \"b\"' || '' }}", "PLAIN": "a ${{ inputs.plain }}"}
    inputs = {"quoted": {"default": "-a 'b c'"}, "plain": {"default": "-a b"}}
    texts = _workflow_text.told_texts([{"env": env}], {"on": {"workflow_dispatch": {"inputs": inputs}}})
    [bare] = _workflow_text.expressions(f"a ${{{{ {expression} }}}}", "posix", texts=texts)
    [quoted] = _workflow_text.expressions(f'a "${{{{ {expression} }}}}"', "posix", texts=texts)
    assert (bare.get("code", False), quoted.get("code", False)) == (is_code, False)


@pytest.mark.parametrize(
    ("script", "is_code"),
    [
        (ON, True),
        (f"make\n  {ON}\n", True),
        (f"make && {ON}; a", True),
        (f"if a; then {ON}; fi", True),
        (f"a \\\n  {ON}", False),
        (f"make {ON}", False),
        (f"{ON} b", False),
        ("${{ inputs.command }} b", True),
        (f"A={ON}", False),
        (f'bash -ec "a {ON}"', True),
        (f'eval "{ON}"', True),
        (f'python3 -c "a\nb {ON}"', True),
        (f'ssh -p 1 a@b "c {ON}"', True),
        (f'bash -c "a" "{ON}"', False),
        ("${{ github.event.comment.body }}", True),
        ('echo "\n${{ github.event.comment.body }}\n"', False),
        ("cat > a <<E\n${{ github.event.comment.body }}\nE\n", False),
    ],
)
def test_what_is_run_as_code_is_told(script: str, is_code: bool) -> None:
    [found] = _workflow_text.expressions(script, "posix")
    assert found.get("code", False) is is_code


@pytest.mark.parametrize(
    ("shell", "language"),
    [
        ("bash", "posix"),
        ("bash -el {0}", "posix"),
        ("sh", "posix"),
        ("pwsh", "powershell"),
        ("cmd", ""),
        ("python", ""),
        (None, ""),
    ],
)
def test_a_shell_is_known_by_its_first_word(shell: str | None, language: str) -> None:
    assert _workflow_shells.language(shell) == language
