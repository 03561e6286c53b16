"""Decision 14, and what else a ticket lives through while a maintenance window covers it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from escalade.effects import LookUpWindows, RunStep
from escalade.engine import WindowsChanged, dues, next_due, snapshot, view
from escalade.engine.due import DueKind
from escalade.maintenance.window import MaintenanceWindow, WindowSpec
from escalade.messages.activities import Admission
from escalade.testing import START, Climb, person, policy, roster
from escalade.ticket import Severity, Ticket

FIRST = {
    "name": "first",
    "page": ["person:ana"],
    "acknowledge_within": "30m",
    "repeat_every": "10m",
    "resolve_within": "2h",
}
SECOND = {"name": "second", "page": ["person:bob"], "acknowledge_within": "30m"}


def window(begin: float, end: float, name: str = "patching", **written: Any) -> MaintenanceWindow:
    """A window, in minutes from the opening of the ticket."""
    times: dict[str, Any] = {"start": START + timedelta(minutes=begin), "end": START + timedelta(minutes=end)}
    return made(name, **times, **written)


def made(name: str, *, ended: tuple[datetime, ...] = (), **written: Any) -> MaintenanceWindow:
    spec = WindowSpec.model_validate({"match": {"service": "shop"}, **written})
    return MaintenanceWindow(id=name, spec=spec, source="command", ended=ended)


def ladder(*windows: MaintenanceWindow, severity: Severity = Severity.SEV3, **more: Any) -> Climb:
    pinned = policy({**FIRST, **more}, SECOND)
    ticket = Ticket(title="test", service="shop", severity=severity)
    return Climb(pinned, roster("ana", "bob", "cyd"), ticket, windows=windows)


def at(climb: Climb, kind: DueKind) -> float:
    """When something is due, in minutes from the opening."""
    (found,) = [due.at for due in dues(climb.state) if due.kind is kind]
    return (found - START).total_seconds() / 60


def test_e7_nothing_is_sent_in_maintenance_escalate_is_refused_and_its_end_pages_only_step_one() -> None:
    climb = ladder(window(-10, 60))
    climb.forward(minutes=30)
    refused = climb.does("bob", "escalate", reason="now")
    assert refused.refusal is not None
    assert refused.refusal.code == "maintenance"
    assert climb.pages == []
    climb.changes_windows()
    assert [(page.target, climb.minute(page)) for page in climb.pages] == [("person:ana", 30)]
    assert climb.tier == "first"


def test_the_end_of_the_window_pages_what_is_still_open_with_a_new_t0() -> None:
    climb = ladder(window(-10, 60))
    climb.forward(minutes=60)
    assert climb.minutes_of("person:ana") == [60]
    assert at(climb, DueKind.TIER_LIMIT) == 90
    assert climb.pages[0].round == 1
    climb.forward(minutes=30)
    assert climb.minutes_of("person:ana") == [60, 70, 80]
    assert climb.minutes_of("person:bob") == [90]


def test_a_ticket_that_climbs_already_stands_still_and_begins_anew_in_its_tier() -> None:
    climb = ladder(window(45, 105))
    climb.forward(minutes=104)
    assert (climb.tier, climb.minutes_of("person:bob")) == ("second", [30])
    climb.forward(minutes=1)
    assert climb.minutes_of("person:bob") == [30, 105]
    assert at(climb, DueKind.TIER_LIMIT) == 135
    kinds = climb.kinds()
    assert kinds.count("maintenance.began") == kinds.count("maintenance.ended") == 1


def test_a_limit_or_round_at_the_very_instant_a_window_opens_is_held_back() -> None:
    climb = ladder(window(30, 60))
    climb.forward(minutes=59)
    assert (climb.tier, climb.minutes_of("person:ana")) == ("first", [0, 10, 20])
    climb.forward(minutes=1)
    assert (climb.tier, climb.minutes_of("person:ana")) == ("first", [0, 10, 20, 60])


def test_an_acknowledged_ticket_pages_nobody_at_the_end_and_keeps_what_was_left_of_its_limits() -> None:
    climb = ladder(window(20, 50))
    climb.does("ana", "acknowledge")
    climb.forward(minutes=60)
    assert climb.minutes_of("person:ana") == [0]
    assert at(climb, DueKind.RESOLVE_LIMIT) == 150
    climb.forward(minutes=90)
    assert climb.tier == "second"


def test_it_can_be_acknowledged_in_maintenance_and_its_limit_counts_from_the_end() -> None:
    climb = ladder(window(-10, 60))
    climb.forward(minutes=10)
    assert climb.does("cyd", "acknowledge").refusal is None
    climb.forward(minutes=60)
    assert climb.pages == []
    assert at(climb, DueKind.RESOLVE_LIMIT) == 60 + 120


def test_what_is_taken_up_in_maintenance_counts_each_minute_once_whatever_pauses_lie_across_it() -> None:
    climb = ladder(window(20, 80))
    climb.does("ana", "acknowledge")
    climb.forward(minutes=10)
    climb.does("ana", "snooze", **{"for": "30m"})  # to 40
    climb.forward(minutes=40)
    climb.does("ana", "pending", **{"for": "1h"})  # 50 to 110, past the end of the window
    climb.forward(minutes=60)
    # It stood still from 10 to 110: snoozed, in maintenance, pending.
    assert at(climb, DueKind.RESOLVE_LIMIT) == 120 + 100


def test_a_snooze_that_ends_in_maintenance_pages_nobody_until_the_window_is_over() -> None:
    climb = ladder(window(20, 80))
    climb.forward(minutes=5)
    climb.does("cyd", "snooze", **{"for": "30m"})
    climb.forward(minutes=70)
    assert climb.minutes_of("person:ana") == [0]
    climb.forward(minutes=5)
    assert climb.minutes_of("person:ana") == [0, 80]


def test_a_window_that_opens_and_closes_during_a_snooze_is_not_noticed() -> None:
    climb = ladder(window(20, 30))
    climb.forward(minutes=5)
    climb.does("cyd", "snooze", **{"for": "1h"})
    climb.forward(minutes=60)
    assert climb.minutes_of("person:ana") == [0, 65]
    assert "maintenance.began" not in climb.kinds()


def test_a_snooze_past_the_end_of_the_window_pages_at_its_own_end() -> None:
    climb = ladder(window(-10, 30))
    climb.forward(minutes=5)
    climb.does("cyd", "snooze", **{"for": "1h"})
    climb.forward(minutes=59)
    assert climb.pages == []
    climb.forward(minutes=1)
    assert climb.minutes_of("person:ana") == [65]
    assert climb.pages[0].round == 1


def test_pages_that_are_on_their_way_when_it_begins_are_stopped() -> None:
    climb = ladder()
    climb.answers = False
    climb.forward(minutes=10)
    climb.windows = [window(10, 60)]
    climb.happens(WindowsChanged())
    climb.answers = True
    climb.answer()
    assert climb.minutes_of("person:ana") == [0] or climb.minutes_of("person:ana") == []
    assert climb.state.maintenance is not None


def test_later_contact_steps_keep_what_was_left_of_their_wait() -> None:
    ana = person("ana", methods=("mail", "sms"), rules={"mail": "0s", "sms": "5m"})
    ticket = Ticket(title="test", service="shop")
    climb = Climb(policy(FIRST, SECOND), roster("bob", ana=ana), ticket, windows=[window(2, 60)])
    climb.forward(minutes=60)
    climb.forward(minutes=3)
    assert [(page.method, climb.minute(page)) for page in climb.pages_of("person:ana")] == [
        ("mail", 0),
        ("mail", 60),
        ("sms", 63),
    ]


def test_a_window_made_by_command_reaches_an_open_ticket_and_its_end_by_command_pages_it() -> None:
    climb = ladder()
    climb.forward(minutes=5)
    running = window(0, 60)
    climb.changes_windows(running)
    climb.forward(minutes=15)
    assert climb.minutes_of("person:ana") == [0]
    early = running.model_copy(update={"ended": (climb.now,)})
    climb.changes_windows(early)
    assert climb.minutes_of("person:ana") == [0, 20]
    (entry,) = climb.noted("maintenance.ended")
    assert "ended early" in entry.why


def test_a_window_that_is_made_longer_goes_on_without_a_page_in_between() -> None:
    climb = ladder(window(0, 30))
    climb.forward(minutes=10)
    climb.changes_windows(window(0, 60))
    climb.forward(minutes=49)
    assert climb.pages == []
    climb.forward(minutes=1)
    assert climb.minutes_of("person:ana") == [60]


def test_windows_that_follow_one_another_are_one_maintenance() -> None:
    climb = ladder(window(0, 30, "one"), window(30, 60, "two"), window(20, 40, "three"))
    climb.forward(minutes=120)
    assert climb.minutes_of("person:ana")[0] == 60
    assert climb.kinds().count("maintenance.began") == 1


def test_a_severity_that_the_window_spares_is_paged_and_becoming_it_pages_at_once() -> None:
    spared = window(0, 60, except_severity="sev1")
    assert ladder(spared, severity=Severity.SEV1).minutes_of("person:ana") == [0]
    climb = ladder(spared)
    climb.forward(minutes=10)
    climb.does("cyd", "severity", severity="sev1")
    assert climb.minutes_of("person:ana") == [10]
    climb.does("cyd", "severity", severity="sev4")
    climb.forward(minutes=49)
    assert climb.minutes_of("person:ana") == [10]
    climb.forward(minutes=1)
    assert climb.minutes_of("person:ana") == [10, 60]


def test_a_raise_that_starts_higher_enters_there_unpaged() -> None:
    pinned = policy(FIRST, SECOND, start_at={"sev1": "second"})
    climb = Climb(pinned, roster("ana", "bob"), Ticket(title="t", service="shop"), windows=[window(0, 60)])
    climb.does("ana", "severity", severity="sev1")
    assert (climb.tier, climb.pages) == ("second", [])
    climb.forward(minutes=60)
    assert [page.target for page in climb.pages] == ["person:bob"]


@pytest.mark.parametrize("command", ["reassign", "return"])
def test_moving_it_by_hand_pages_nobody_before_the_end(command: str) -> None:
    climb = ladder(window(40, 90))
    climb.forward(minutes=50)
    fields = {"to": "cyd"} if command == "reassign" else {"reason": "not ours"}
    assert climb.does("bob", command, **fields).refusal is None
    climb.forward(minutes=39)
    assert climb.pages_of("person:bob" if command == "reassign" else "person:ana", since=climb.now) == []
    climb.forward(minutes=1)
    who = "person:cyd" if command == "reassign" else "person:ana"
    assert climb.minutes_of(who)[-1] == 90


def test_reopened_in_maintenance_it_waits_for_its_end() -> None:
    climb = ladder(window(60, 120))
    climb.does("ana", "resolve")
    climb.forward(minutes=70)
    climb.does("ana", "reopen")
    assert climb.minutes_of("person:ana") == [0]
    climb.forward(minutes=50)
    assert climb.minutes_of("person:ana") == [0, 120]


def test_resolved_in_maintenance_nothing_follows() -> None:
    climb = ladder(window(0, 60))
    climb.does("ana", "resolve")
    climb.forward(days=4)
    assert climb.pages == []
    assert climb.state.status == "closed"


def test_a_window_that_nobody_looked_at_while_it_was_open_is_lived_through_late() -> None:
    climb = ladder(window(5, 50))
    climb.sleep(minutes=55)
    climb.tick()
    # The tier limit at 30 stood still: nobody is climbed over.
    assert (climb.tier, climb.minutes_of("person:ana")) == ("first", [0, 55])
    assert at(climb, DueKind.TIER_LIMIT) == 85


def test_a_command_before_the_overdue_end_of_a_window_comes_first() -> None:
    climb = ladder(window(0, 60))
    climb.sleep(minutes=61)
    climb.does("ana", "acknowledge")
    climb.tick()
    assert climb.pages == []
    assert at(climb, DueKind.RESOLVE_LIMIT) == 61 + 120


def test_escalating_after_the_end_of_a_window_that_was_not_looked_at_yet_is_done() -> None:
    climb = ladder(window(0, 60))
    climb.sleep(minutes=61)
    assert climb.does("ana", "escalate", reason="now").refusal is None
    assert [page.target for page in climb.pages] == ["person:bob"]


def test_escalating_after_a_window_has_opened_is_refused_before_its_timer() -> None:
    climb = ladder(window(5, 60))
    climb.sleep(minutes=6)
    refusal = climb.does("ana", "escalate", reason="now").refusal
    assert refusal is not None
    assert refusal.code == "maintenance"


def test_steps_of_a_tier_entered_in_maintenance_begin_when_it_is_over() -> None:
    step = {"use": "notify", "with": {}}
    climb = ladder(window(0, 60), steps=[step])
    assert climb.noted("step.done") == []
    assert not any(isinstance(effect, RunStep) for effect in climb.state.pending.values())
    climb.forward(minutes=60)
    assert len(climb.noted("step.done")) == 1


def test_a_held_ticket_is_not_paged_by_a_roster_change_in_maintenance() -> None:
    from escalade.engine import RosterChanged

    climb = ladder(window(0, 60), nobody="hold")
    climb.happens(RosterChanged())
    assert climb.pages == []


def test_a_recurring_window_is_asked_for_again_when_the_last_opening_known_begins() -> None:
    daily = made("nightly", start=START + timedelta(hours=12), lasts="1h", recurrence="FREQ=DAILY")
    climb = ladder(daily, acknowledge_within="never")
    assert len(climb.state.windows[0].spans) == 20
    climb.forward(days=19, hours=12, minutes=1)
    assert len(climb.state.windows[0].spans) > 15
    pages = [page for page in climb.pages if page.at.hour == 21]
    climb.forward(days=3)
    assert [page for page in climb.pages if page.at.hour == 21] == pages == []
    assert any(page.at.hour == 22 and page.at.day == 23 for page in climb.pages)


def test_what_the_store_could_not_say_at_admission_is_asked_for_until_it_is_known() -> None:
    pinned = policy(FIRST, SECOND)
    climb = Climb(pinned, roster("ana", "bob"), Ticket(title="t", service="shop"), answers=False)
    from escalade.engine import Admitted, decide, new_state

    state = new_state(Ticket(title="t", service="shop"), key="k", life="l", run="r", now=START)
    admission = Admission(policy=climb.state.policy or pinned, why="test", ask_windows=True)
    decision = decide(state, Admitted(admission=admission), START)
    assert [type(effect) for effect in decision.effects].count(LookUpWindows) == 1


def test_of_two_answers_on_their_way_only_the_newest_counts() -> None:
    climb = ladder()
    climb.answers = False
    climb.windows = [window(0, 60)]
    climb.happens(WindowsChanged())
    climb.happens(WindowsChanged())
    first, second = [effect for effect in climb.state.pending.values() if isinstance(effect, LookUpWindows)]
    from escalade.effects import WindowsFound
    from escalade.maintenance.window import pinned_windows

    climb.happens(WindowsFound(effect=second.id, windows=[]))
    known = pinned_windows(climb.windows, climb.state.ticket, climb.now)
    climb.happens(WindowsFound(effect=first.id, windows=known))
    assert climb.state.maintenance is None
    assert climb.state.windows == []


def test_nothing_is_due_for_a_window_while_nothing_else_is() -> None:
    climb = ladder(window(60, 120), resolve_within={})
    climb.does("ana", "acknowledge")
    assert next_due(climb.state) is None
    climb.sleep(minutes=180)
    climb.does("ana", "unacknowledge")
    assert climb.minutes_of("person:ana") == [0, 180]


def test_it_says_everywhere_that_it_is_in_maintenance() -> None:
    climb = ladder(window(0, 60, title="database upgrade", reason="change 4711"))
    shown = view(climb.state)
    assert shown.maintenance_until == START + timedelta(hours=1)
    assert shown.maintenance_why == "database upgrade (patching); change 4711"
    assert "maintenance" in shown.waiting_for
    assert shown.upcoming[0].kind == "maintenance_ends"
    row = snapshot(climb.state)
    assert row.due_at == shown.maintenance_until
    assert [(known.id, known.version) for known in row.windows] == [("patching", climb.windows[0].version)]
    (known,) = climb.noted("maintenance.known")
    assert "from 2026-03-02T09:00:00Z to 2026-03-02T10:00:00Z" in known.what


def test_during_maintenance_nobody_is_told_that_somebody_is_paged_now() -> None:
    climb = ladder(window(0, 60))
    assert climb.does("ana", "reassign", to="person:bob").text == (
        "reassigned; person:bob is paged when the maintenance is over"
    )
    climb.does("ana", "acknowledge")
    assert climb.does("ana", "unacknowledge").text == "un-acknowledged; paging again when the maintenance is over"
    climb.forward(minutes=61)
    assert climb.does("ana", "reassign", to="person:cyd").text == "reassigned; person:cyd is paged"
