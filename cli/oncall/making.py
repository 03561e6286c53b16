"""What the commands about changes share: making one, ending one, listing them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from cli.exits import ExitCode
from cli.failures import WrongCommandError
from cli.render.plain import one_line

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from cli.oncall.held import Held
    from cli.render.moments import Moments
    from escalade.people import Roster
    from escalade.people.changes import Change, ChangeKind
    from escalade.ticket import Actor
    from store import KeptChange, Store


def shared(by: Actor, *, start: datetime, end: datetime, now: datetime, reason: str) -> dict[str, Any]:
    """What every change carries."""
    from escalade.ticket import key_from_bytes

    # As short as can be typed, and unique among all changes that were ever made.
    change_id = key_from_bytes(uuid.uuid4().bytes)[:8]
    return {"id": change_id, "start": start, "end": end, "made_at": now, "by": by.id, "reason": reason}


def make(invocation: Invocation, change: Change, *, by: Actor) -> int:
    """Keep a change, tell the tickets that wait for one, and say what became of it."""
    from cli.doors import writable_store
    from cli.oncall.held import Held, tell_held
    from cli.oncall.idle import Idle, idle_among

    known = _known()
    with writable_store() as store:
        kept, new = store.change(change, by=by)
        held = tell_held(store) if new else Held()
        idle = idle_among(known, store, [kept.change] if new else [], invocation.now()).get(kept.change.id, Idle())
    done = "is in force" if kept.change.start <= invocation.now() else "is kept"
    when, zone = _clock(invocation, known, kept.change)
    _say(invocation, kept, held, said=done if new else "was made already", clock=(when, zone), new=new)
    # Not refused: what it waits for may still be made, another override say.
    if idle.whole:
        click.echo("  As things stand it changes nothing: the same people are on duty with and without it.", err=True)
    elif idle:
        click.echo(f"  {when.localised(one_line(f'As things stand {idle}.'))}", err=True)
    return ExitCode.OK


def end(invocation: Invocation, kind: ChangeKind, change_id: str, *, by: Actor, reason: str) -> int:
    """End a change, tell the tickets that wait for one, and say what became of it and of others without it."""
    from cli.doors import store as reading
    from cli.oncall.held import Held, tell_held
    from cli.oncall.idle import Idle, idle_among

    known, now = _known(), invocation.now()
    with reading() as store:
        whole = _find(store, kind, change_id)
        others = _beside(store, whole, now)
        before = idle_among(known, store, others, now)
        kept, removed = store.remove_change(whole, by=by, why=reason)
        held = tell_held(store) if removed else Held()
        # It is in force until it was removed, which is a moment later than the command began.
        after = idle_among(known, store, others if removed else [], kept.removed_at or now)
    lost = [(other, after[other.id]) for other in others if other.id in after]
    lost = [(other, idle) for other, idle in lost if idle.is_more_than(before.get(other.id, Idle()))]
    said = "is removed" if removed else "was removed already"
    when, zone = _clock(invocation, known, kept.change)
    rows = [{"id": other.id, "kind": other.kind, **idle.json(other.kind)} for other, idle in lost]
    _say(invocation, kept, held, said=said, clock=(when, zone), removed=removed, idle_now=rows)
    for other, idle in lost:
        text = f"Look at {other.kind} {other.id}: without this one, as things stand, {idle}."
        click.echo(f"  {when.localised(one_line(text))}", err=True)
    return ExitCode.OK


def _beside(store: Store, change_id: str, now: datetime) -> list[Change]:
    """The changes in force or to come that a change may bear on: those of its schedule; of time off, of any."""
    found = store.kept_changes(prefix=change_id, removed=True)
    about = next((getattr(kept.change, "schedule", "") for kept in found if kept.change.id == change_id), "")
    kept = store.kept_changes(["override", "swap", "temporary"], about=about, after=now)
    return [one.change for one in kept if one.change.id != change_id]


def show(invocation: Invocation, kinds: Sequence[ChangeKind], *, about: str = "", everything: bool = False) -> int:
    """List changes: those in force or to come, or all that ever were."""
    from cli.doors import store as reading
    from cli.oncall.idle import Idle, idle_among
    from cli.render.changes import change_json, change_table

    now = invocation.now()
    with reading() as store:
        kept = store.kept_changes(kinds, about=about, after=None if everything else now, removed=everything)
        coming = [one.change for one in kept if one.removed_at is None and one.change.end > now]
        idle = idle_among(_known() if coming else None, store, coming, now)
    if invocation.json:
        from cli.render.documents import write_json

        rows = [(change_json(one), idle.get(one.change.id, Idle()).json(one.change.kind)) for one in kept]
        write_json({"changes": [{**change, **how_much} for change, how_much in rows]})
    elif kept:
        from cli.render.paper import write_table

        marks = {change_id: str(found) for change_id, found in idle.items()}
        write_table(change_table(kept, invocation.moments(), idle=marks))
    else:
        click.echo("There is none." if everything else "There is none in force or to come.", err=True)
    return ExitCode.OK


def _find(store: Store, kind: ChangeKind, written: str) -> str:
    """The whole id of a change of this kind."""
    from store import NoSuchChangeError

    found = store.kept_changes([kind], prefix=written.strip().lower(), removed=True)
    exact = [kept for kept in found if kept.change.id == written] or found
    if not exact:
        raise NoSuchChangeError(f"There is no {kind} {written!r}.", mend=f"See them: escalade oncall {kind} list")
    if len(exact) > 1:
        names = ", ".join(kept.change.id for kept in exact[:5])
        raise WrongCommandError(f"{written!r} is the beginning of several: {names}.", mend="Give more of it.")
    return exact[0].change.id


def _known() -> Roster | None:
    """Everybody; None where that cannot be read, which keeps nobody from changing it back."""
    from cli.doors import roster
    from escalade.errors import EscaladeError

    try:
        return roster()
    except EscaladeError:
        return None


def _clock(invocation: Invocation, known: Roster | None, change: Change) -> tuple[Moments, str]:
    """The wall clock by which a change was typed, and its name where it is not that of the terminal."""
    from escalade.people.changes import Away

    when = invocation.moments()
    if known is None:
        return when, ""
    if isinstance(change, Away):
        zone = ZoneInfo(known.people[change.person].time_zone) if change.person in known.people else None
    else:
        zone = known.schedules[change.schedule].tzinfo if change.schedule in known.schedules else None
    ends = (change.start, change.end)
    if zone is None or all(at.astimezone(zone).utcoffset() == when.local(at).utcoffset() for at in ends):
        return when, ""
    return (when, "UTC") if invocation.utc else (replace(when, zone=zone), str(zone))


def _say(
    invocation: Invocation, kept: KeptChange, held: Held, *, said: str, clock: tuple[Moments, str], **values: Any
) -> None:
    from cli.render.changes import change_json, change_line

    if invocation.json:
        from cli.render.documents import write_json

        waiting = {"waiting": held.waiting, "told": held.told, "why_not": held.why_not}
        write_json({"change": change_json(kept), **values, "held": waiting})
        return
    when, zone = clock
    click.echo(change_line(kept, when, said=said, zone=zone), color=invocation.colour)
    if str(held):
        click.echo(f"  {one_line(str(held))}", err=bool(held.why_not))
