"""Thresholds of clocks that were passed: one entry and one notice for all of them, and what the policy says to do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from escalade.engine.calendars import opening
from escalade.engine.clocks import TOLD, clock_data
from escalade.engine.clockstate import Unheard
from escalade.engine.draft import Draft
from escalade.engine.due import chooses
from escalade.engine.ladder import Wish, climb, punctual
from escalade.engine.moving import change_severity, starts_at
from escalade.engine.pausing import drop_pause
from escalade.engine.points import Point, label_of, points
from escalade.engine.state import PUNCTUAL
from escalade.policy.clocks import BREACH, NEXT
from escalade.policy.pinned import PinnedAction
from escalade.ticket import Severity
from escalade.time.durations import format_duration
from escalade.time.instants import format_instant

Passed = tuple[Point, list[PinnedAction]]

_HELD: Final = ("owner", "tier", "followers")
"""Words for people whom nothing else wakes while the tier is closed; a target by name is told all the same."""


def sound(d: Draft) -> Wish | None:
    """Tell of every threshold that was passed, once; the climb that follows, if one does.

    However many were passed since anybody looked, it is one notice that names them all (M3).
    """
    state = d.state
    if not state.clocks and state.unheard is None:  # a clock that is gone may have left something to be told
        return None
    fresh = _pass(d)
    if not fresh:
        if state.unheard is not None:
            if _closed(d):  # nobody looked while it was open
                state.unheard = state.unheard.model_copy(update={"since": d.now})
            elif not chooses(state):
                _tell(d, Unheard(since=d.now))
        return None
    here = state.visit.tier if state.visit is not None else 0
    said = [_note(d, name, fresh) for name in dict.fromkeys(point.clock for point, _ in fresh)]
    _notify(d, fresh, said)
    raised_at = None
    for point, actions in fresh:
        for action in actions:
            if action.do == "raise_severity" and _raise(d, Severity(action.to), point):
                raised_at = raised_at or point.at
    return _together(d, _wish(d, fresh, here), raised_at)


def _pass(d: Draft) -> list[Passed]:
    """Put what was reached behind its clock; what is to be told of it, earliest first."""
    fresh: list[Passed] = []
    for point in points(d.state):
        if point.at > d.now:
            break
        run = d.state.clocks[point.clock]
        due = point.read.due
        dues = run.told.get(point.threshold, [])
        told = {**run.told, point.threshold: [*dues, due][-TOLD:]} if due is not None and due not in dues else run.told
        passed = [*run.passed, point.threshold]
        d.state.clocks[point.clock] = run.model_copy(update={"passed": passed, "told": told})
        if due is None or due not in dues:
            fresh.append((point, point.read.pinned.thresholds[point.threshold]))
    return fresh


def _note(d: Draft, name: str, fresh: list[Passed]) -> str:
    """Write down what one clock passed; the sentence, for the notice."""
    mine = [point for point, _ in fresh if point.clock == name]
    read = mine[0].read
    label, due, length = label_of(d.state, read.run), read.due, read.length or timedelta(0)
    used = read.consumed(d.now)
    spent = f"{format_duration(_whole(used))} of {read.run.budget} used"
    names = " and ".join(point.threshold for point in mine if point.threshold != BREACH)
    missed = any(point.threshold == BREACH for point in mine)
    until = f"due {format_instant(due)}" if due is not None else "standing still"
    if missed:
        text = f"{label} is missed: {spent}, {until}" + (f" ({names} passed as well)" if names else "")
    elif used > length:
        text = f"{label}: {names}; it was missed before: {spent}, {until}"
    else:
        text = f"{label}: {names} passed: {spent}, {until}"
    late, pauses = d.now - mine[-1].at, read.run.pauses
    # Nobody looked meanwhile, or what moved it there came later: a change of target, a message that was heard of late.
    why = f"that was {format_duration(_whole(late))} ago" if late > timedelta(minutes=1) else mine[-1].why
    if late > PUNCTUAL and pauses and d.now - pauses[-1].end <= PUNCTUAL:
        why = "it was passed before the clock stood still, which is over now"
    data: dict[str, Any] = {"clock": name, "thresholds": [point.threshold for point in mine], **clock_data(read)}
    data["consumed"] = used.total_seconds()
    d.note("clock.breached" if missed else "clock.warned", text, why, **data)
    return text


def _notify(d: Draft, fresh: list[Passed], said: list[str]) -> None:
    """One message for everybody who is to hear of any of it; whoever is asked something is asked in theirs."""
    words: list[str] = []
    questions: list[str] = []
    for _, actions in fresh:
        for action in actions:
            if action.do == "notify":
                words += action.whom
            elif action.do == "ask_owner":
                questions.append(action.to)
    news = Unheard(since=d.now, words=words, questions=questions, said=said)
    if _closed(d):
        news = _keep(d, news)
    elif chooses(d.state):
        news = _keep_for_the_paged(d, news)
    _tell(d, news)


def _closed(d: Draft) -> bool:
    """Whether the tier is closed at this severity: nobody is woken then. What falls due with the close is told yet."""
    time = d.state.time
    return d.state.engine >= 3 and opening(time, d.now) > d.now and not time.between(d.now - PUNCTUAL, d.now)


def _keep(d: Draft, news: Unheard) -> Unheard:
    """Keep what would wake somebody until the tier opens; the rest of it, for those who are named."""
    state = d.state
    held = [word for word in news.words if word in _HELD]
    if not held and not news.questions:
        return news
    state.unheard = _joined(state.unheard, news.model_copy(update={"words": held}))
    opens = format_instant(opening(state.time, d.now))
    whom = " and ".join(dict.fromkeys([*held, *(["owner"] if news.questions else [])]))
    why = f"{state.tier_name} is closed, and {state.ticket.severity.value} wakes nobody"
    d.note("clock.held", f"{whom}: told of it when {state.tier_name} opens, {opens}", why, until=opens)
    return news.model_copy(update={"words": [word for word in news.words if word not in _HELD], "questions": []})


def _keep_for_the_paged(d: Draft, news: Unheard) -> Unheard:
    """Keep what is meant for those whom the first round pages until it is known who they are; the rest of it."""
    state = d.state
    meant = [word for word in news.words if word == "tier" or (word == "owner" and not state.owner)]
    questions = [] if state.owner else news.questions
    if not meant and not questions:
        return news
    state.unheard = _joined(state.unheard, news.model_copy(update={"words": meant, "questions": questions}))
    others = [word for word in news.words if word not in meant]
    return news.model_copy(update={"words": others, "questions": news.questions if state.owner else []})


def _joined(old: Unheard | None, new: Unheard) -> Unheard:
    if old is None:
        return new
    joined = {name: list(dict.fromkeys([*getattr(old, name), *getattr(new, name)])) for name in ("words", "questions")}
    return new.model_copy(update={**joined, "said": [*old.said, *new.said]})


def _tell(d: Draft, news: Unheard) -> None:
    """One message for everybody: with what was kept for the opening, once the tier is open."""
    if d.state.unheard is not None and not _closed(d) and not chooses(d.state):
        news = _joined(d.state.unheard, news)
        d.state.unheard = None
    said = news.said
    heard = [target for word in news.words for target in _people(d, word)]
    asked = list(dict.fromkeys(_people(d, "owner"))) if news.questions else []
    subject = f"{d.state.ticket.title}: {said[0].split(': ')[0] if len(said) == 1 else 'clocks'}"
    text = "\n".join(said)
    if asked:
        d.notify(asked, subject, "\n".join([text, *dict.fromkeys(news.questions)]), why="is asked by a clock")
    others = [target for target in dict.fromkeys(heard) if target not in asked]
    d.notify(others, subject, text, why="named by a clock")


def _people(d: Draft, word: str) -> list[str]:
    """Whom a word of an action means now."""
    state, visit = d.state, d.state.visit
    if word == "followers":
        return list(state.followers)
    if word == "owner" and state.owner:
        return [state.owner if ":" in state.owner else f"person:{state.owner}"] if state.owner_is_person else []
    if word in ("owner", "tier"):
        return (list(visit.told) or list(visit.targets)) if visit is not None else []
    return [word]


def _raise(d: Draft, to: Severity, point: Point) -> bool:
    """Raise the severity, if that is one; a climb that follows from it is made together with the others."""
    old = d.state.ticket.severity
    if to.rank >= old.rank:
        return False
    why = f"{label_of(d.state, point.read.run)} passed {point.threshold}"
    text = f"severity {old.value} → {to.value} by a clock"
    d.note("ticket.severity", text, why, old=old.value, new=to.value)
    change_severity(d, to, climbs=False)
    return True


def _together(d: Draft, wish: Wish | None, raised_at: datetime | None) -> Wish | None:
    """One climb of what clocks ask for and where the severity that they raised starts (decision 3)."""
    start = starts_at(d.state) if raised_at is not None else None
    if start is None or raised_at is None:
        return wish
    to, why = start
    if wish is None:
        return Wish(to=to, due=raised_at, why=why, ends_pause=False)
    return Wish(to=max(to, wish.to), due=min(raised_at, wish.due), why=f"{why}; {wish.why}")


def _wish(d: Draft, fresh: list[Passed], here: int) -> Wish | None:
    """The highest tier that is asked for; nothing where it is there already (decision 3)."""
    state = d.state
    policy, visit = state.policy, state.visit
    wishes: list[tuple[int, Point, str]] = []
    for point, actions in fresh:
        for action in actions:
            if action.do == "climb" and policy is not None:
                index = here + 1 if action.to == NEXT else policy.tier_named(action.to)
                if index is not None:
                    wishes.append((index, point, action.to))
    if not wishes or visit is None:
        return None
    why = "; ".join(dict.fromkeys(f"{label_of(state, p.read.run)} passed {p.threshold}" for _, p, _ in wishes))
    to = max(index for index, _, _ in wishes)
    if state.maintenance is not None:
        d.note("escalate.ignored", f"a clock asked for {wishes[0][2]}; nothing changed", f"in maintenance ({why})")
        return None
    if to <= visit.tier or state.in_catch_all:
        d.note("escalate.ignored", f"a clock asked for {wishes[0][2]}; nothing changed", f"it is there already ({why})")
        return None
    return Wish(to=to, due=min(point.at for _, point, _ in wishes), why=why)


def lift(d: Draft, wish: Wish) -> None:
    """Climb from a standstill; an escalation ends the pause."""
    if wish.ends_pause:
        drop_pause(d, wish.why, d.system)
    climb(d, punctual(d, wish.due), [wish.why], to=wish.to)


def _whole(length: timedelta) -> timedelta:
    return timedelta(seconds=round(length.total_seconds()))
