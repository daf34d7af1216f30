"""Promises about work on several targets at once."""

import threading

from setright.engine.abreast import abreast


def test_a_slow_target_holds_no_other_up():
    others = threading.Event()

    def work(target: str) -> str:
        if target == "slow":
            assert others.wait(20.0)
        return target

    results = abreast(work, ["slow", "a", "b"])
    assert {next(results), next(results)} == {"a", "b"}
    others.set()
    assert list(results) == ["slow"]


def test_whoever_stops_asking_stops_what_has_not_begun():
    begun, going = [], threading.Event()

    def work(target: str) -> str:
        begun.append(target)
        if target != "0":
            going.wait(20.0)
        return target

    results = abreast(work, [str(n) for n in range(200)])
    assert next(results) == "0"
    threading.Timer(0.2, going.set).start()
    results.close()
    assert len(begun) < 100
