"""Which RUNs go elsewhere first, and what says so instead."""

from __future__ import annotations

import pytest
from tests.bindings.test_dockerfile import fixed, seen

from setright.model import Edit

BY_WORKDIR = Edit(("enters",), remove=True)


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN cd b && make\n",  # whose directory is not known
        "FROM a\nWORKDIR $HOME\nRUN cd b && make\n",
        "FROM a\nWORKDIR /w\nRUN cd $B && make\n",
        "FROM a\nWORKDIR /w\nRUN cd - && make\n",
        "FROM a\nWORKDIR /w\nRUN cd b && make && cd c && make\n",
        "FROM a\nWORKDIR /w\nRUN cd b && echo $PWD\n",
        "FROM a\nWORKDIR /w\nRUN cd b; make\n",
        "FROM a\nWORKDIR /w\nRUN (cd b && make)\n",
        "FROM a\nWORKDIR /w\nRUN --mount=type=cache,target=c cd b && make\n",
        'FROM a\nSHELL ["powershell", "-c"]\nWORKDIR /w\nRUN cd b && make\n',
        "FROM a AS x\nWORKDIR /w\nFROM a\nRUN cd b && make\n",
    ],
)
def test_what_may_mean_another_place_is_left_alone(text: str) -> None:
    assert "enters" not in seen(text)


def test_the_way_back_is_said_unless_the_next_instruction_leads_on() -> None:
    text = "FROM a\nWORKDIR /w\nRUN cd ../b && make\nWORKDIR /c\nRUN cd /d && make\nRUN cd e && make\nRUN ls\n"
    assert seen(text)["enters"] == "by-cd"
    assert fixed(text, BY_WORKDIR) == (
        "FROM a\nWORKDIR /w\nWORKDIR /b\nRUN make\nWORKDIR /c\nWORKDIR /d\nRUN make\nWORKDIR /c/e\nRUN make\nWORKDIR /c\nRUN ls\n"
    )


def test_no_way_is_said_to_where_it_is_already() -> None:
    assert fixed("FROM a\nWORKDIR /w\nRUN cd /w && make\nRUN ls\n", BY_WORKDIR) == "FROM a\nWORKDIR /w\nRUN make\nRUN ls\n"
    text = "FROM a\nWORKDIR /w\nRUN cd /b && make\nRUN cd /w && make\nRUN ls\n"
    assert fixed(text, BY_WORKDIR) == "FROM a\nWORKDIR /w\nWORKDIR /b\nRUN make\nWORKDIR /w\nRUN make\nRUN ls\n"
