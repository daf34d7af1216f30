"""What the outbox promises on both databases: nothing lost, in order, and twice only under the same id."""

import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

from setright.engine.outbox import FIRST_WAIT, LONGEST_WAIT, PATIENCE, Delivered, deliver, wait
from setright.engine.store import Store
from setright.engine.times import stamp
from setright.integrations.error import IntegrationError
from setright.integrations.message import Message, Refused

T0 = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def store(url):
    opened = Store(url)
    yield opened
    opened.close()


def message(number, channel="soc", item=None):
    return Message(f"m{number}", channel, item or f"item{number % 7}", "finding.opened", "2026-01-02T03:04:05Z", {"number": number})


class Receiver:
    """Takes messages and drops those whose id it has had, as a receiver with a dedup key does."""

    at_once = 10

    def __init__(self):
        self.taken, self.calls, self.down, self.refuses, self.fails_on = [], 0, False, set(), set()

    def send(self, messages):
        self.calls += 1
        if self.down or any(m.id in self.fails_on for m in messages):
            raise IntegrationError("the receiver is down")
        if any(m.id in self.refuses for m in messages):
            raise Refused("not this one")
        self.taken += [m.id for m in messages if m.id not in self.taken]


class Clock:
    def __init__(self):
        self.at = T0

    def __call__(self):
        return self.at


def test_messages_arrive_in_the_order_in_which_they_were_posted(store):
    store.post([message(n) for n in range(25)])
    store.post([message(n) for n in range(25, 30)])
    receiver = Receiver()
    assert deliver(store, "soc", receiver, "me", Clock()) == Delivered("soc", 30, 0, "")
    assert receiver.taken == [f"m{n}" for n in range(30)] and receiver.calls == 3
    assert deliver(store, "soc", receiver, "me", Clock()).sent == 0


def test_a_message_posted_twice_is_kept_once_and_channels_are_apart(store):
    assert store.post([message(1), message(2)]) == 2
    assert store.post([message(2), message(3), message(2, "other")]) == 2
    assert [m.id for m in store.waiting("soc", 9)] == ["m1", "m2", "m3"]
    assert [m.id for m in store.waiting("other", 9)] == ["m2"]


def test_a_receiver_that_is_down_is_left_alone_longer_and_longer(store):
    store.post([message(1)])
    receiver, clock = Receiver(), Clock()
    receiver.down = True
    assert "down" in deliver(store, "soc", receiver, "me", clock).error
    rests = deliver(store, "soc", receiver, "me", clock)
    assert rests[:4] == ("soc", 0, 0, "") and receiver.calls == 1
    assert (rests.waiting, rests.next_at) == (1, stamp(clock.at + FIRST_WAIT)) and "down" in rests.since
    clock.at += FIRST_WAIT
    assert deliver(store, "soc", receiver, "me", clock).error and receiver.calls == 2
    assert [wait(n).total_seconds() for n in (0, 1, 2, 3, 20)] == [0, 5, 10, 20, LONGEST_WAIT.total_seconds()]
    assert (store.lines()[0].failures, store.lines()[0].waiting) == (2, 1)


def test_only_what_was_sent_long_ago_is_forgotten(store):
    store.post([message(n) for n in range(4)] + [message(1, "other")])
    receiver, clock = Receiver(), Clock()
    receiver.refuses = {"m3"}
    deliver(store, "soc", receiver, "me", clock)
    store.post([message(9)])
    assert store.forget_sent("soc", clock.at) == 0 and store.forget_sent("other", clock.at + LONGEST_WAIT) == 0
    assert store.forget_sent("soc", clock.at + LONGEST_WAIT) == 3
    lines = [(line.channel, line.waiting, line.sent, line.refused) for line in store.lines()]
    assert lines == [("other", 1, 0, 0), ("soc", 1, 0, 1)]


def test_a_channel_that_wants_few_large_batches_rests_after_each(store):
    receiver, clock, rest = Receiver(), Clock(), timedelta(minutes=5)
    for minute in range(12):
        store.post([message(minute)])
        clock.at = T0 + timedelta(minutes=minute)
        deliver(store, "soc", receiver, "me", clock, rest)
    assert receiver.calls == 3 and receiver.taken == [f"m{n}" for n in range(11)]
    assert store.lines()[0].error == ""


def test_an_hour_of_outage_loses_and_doubles_none_of_ten_thousand(store):
    receiver, clock = Receiver(), Clock()
    receiver.at_once, receiver.down = 500, True
    for second in range(0, 3600, 36):
        store.post([message(n) for n in range(second // 36 * 100, second // 36 * 100 + 100)])
        clock.at = T0 + timedelta(seconds=second)
        deliver(store, "soc", receiver, "me", clock)
    assert receiver.taken == [] and receiver.calls < 30
    receiver.down, clock.at = False, clock.at + LONGEST_WAIT
    assert deliver(store, "soc", receiver, "me", clock).sent == 10_000
    assert receiver.taken == [f"m{n}" for n in range(10_000)]


def test_what_is_refused_for_good_is_set_aside_told_and_can_be_sent_again(store):
    store.post([message(n) for n in range(5)])
    receiver, clock = Receiver(), Clock()
    receiver.refuses = {"m2"}
    assert deliver(store, "soc", receiver, "me", clock) == Delivered("soc", 4, 1, "")
    assert [(aside.id, aside.error) for aside in store.set_aside("soc")] == [("m2", "not this one")]
    receiver.refuses.clear()
    assert store.post_again("soc") == 1
    assert deliver(store, "soc", receiver, "me", clock).sent == 1 and receiver.taken[-1] == "m2"


def test_a_message_on_which_the_receiver_always_fails_does_not_hold_up_the_rest(store):
    store.post([message(n) for n in range(20)])
    receiver, clock = Receiver(), Clock()
    receiver.fails_on = {"m3"}
    for _ in range(PATIENCE + 1):
        deliver(store, "soc", receiver, "me", clock)
        clock.at += LONGEST_WAIT
    assert set(receiver.taken) == {f"m{n}" for n in range(20)} - {"m3"}
    assert [aside.id for aside in store.set_aside("soc")] == ["m3"]


def test_two_that_send_at_once_do_not_send_the_same(store, url):
    store.post([message(n) for n in range(200)])
    receiver, calls = Receiver(), []
    at_once = threading.Barrier(2, timeout=20)

    def run(holder):
        mine = Store(url)
        at_once.wait()
        calls.append(deliver(mine, "soc", receiver, holder, Clock()).sent)
        mine.close()

    threads = [threading.Thread(target=run, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    deliver(store, "soc", receiver, "c", Clock())
    assert sum(calls) == 200 and receiver.taken == [f"m{n}" for n in range(200)]


KILLED = """
import os, sys
from datetime import UTC, datetime
from setright.engine.outbox import deliver
from setright.engine.store import Store
class Sender:
    at_once = 3
    def send(self, messages):
        with open(sys.argv[2], "a") as file:
            file.writelines(f"{m.id}\\n" for m in messages)
            file.flush()
        if messages[-1].id == sys.argv[3]:
            os.kill(os.getpid(), 9)
deliver(Store(sys.argv[1]), "soc", Sender(), f"p{os.getpid()}", lambda: datetime.fromisoformat(sys.argv[4]))
"""


def test_a_sender_killed_between_sending_and_marking_repeats_only_that_batch(store, url, tmp_path):
    store.post([message(n) for n in range(12)])
    log = tmp_path / "taken"
    for last, later in (("m5", 0), ("m8", 1), ("none", 2)):
        at = (T0 + timedelta(hours=later)).isoformat()  # the dead one's hold on the channel has run out
        code = subprocess.run([sys.executable, "-c", KILLED, url, log, last, at], timeout=60, check=False).returncode
        assert code == (0 if last == "none" else -signal.SIGKILL)
    taken = log.read_text().split()
    assert sorted(set(taken), key=taken.index) == [f"m{n}" for n in range(12)]
    assert len(taken) == 12 + 3 + 3
