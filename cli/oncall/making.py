"""What the commands about changes share: making one, ending one, listing them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from cli.exits import ExitCode
from cli.failures import WrongCommandError
from cli.render.plain import one_line

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from cli.oncall.held import Held
    from escalade.people import Roster
    from escalade.people.changes import Change, ChangeKind
    from escalade.ticket import Actor
    from store import KeptChange, Store


_LOOKED_AT: Final = timedelta(days=366)


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

    with writable_store() as store:
        kept, new = store.change(change, by=by)
        held = tell_held(store) if new else Held()
        idle = _idle(store, [kept.change] if new else [], invocation.now())
    done = "is in force" if kept.change.start <= invocation.now() else "is kept"
    code = _say(invocation, kept, held, said=done if new else "was made already", key="new", value=new)
    if idle:
        # Not refused: what it waits for may still be made, another override say.
        click.echo("  As things stand it changes nothing: the same people are on duty with and without it.", err=True)
    return code


def _idle(store: Store, changes: Sequence[Change], now: datetime) -> set[str]:
    """The ids of changes that leave everybody where they are, as far as is known now."""
    from cli.doors import roster
    from escalade.errors import EscaladeError

    if not changes:
        return set()
    try:
        known = roster()
    except EscaladeError:
        return set()
    return {change.id for change in changes if _is_idle(known, store, change, now)}


def _is_idle(known: Roster, store: Store, change: Change, now: datetime) -> bool:
    """Whether it is the same with and without a change; looked at for a year at most."""
    from escalade.people.changes import Away
    from escalade.people.duty import differs
    from escalade.people.versions import settled

    until = min(change.end, change.start + _LOOKED_AT)
    there = settled(known, store.changes(change.start, until), now)
    kinds = ("overrides", "temporaries", "swaps", "aways")
    without = {kind: tuple(one for one in getattr(there, kind) if one.id != change.id) for kind in kinds}
    schedules = list(known.schedules) if isinstance(change, Away) else [change.schedule]
    before = there.model_copy(update=without)
    return not any(
        differs(known, name, there, before, (change.start, until)) for name in schedules if name in known.schedules
    )


def end(invocation: Invocation, kind: ChangeKind, change_id: str, *, by: Actor, reason: str) -> int:
    """End a change, tell the tickets that wait for one, and say what became of it."""
    from cli.doors import store as reading
    from cli.oncall.held import Held, tell_held

    with reading() as store:
        whole = _find(store, kind, change_id)
        kept, removed = store.remove_change(whole, by=by, why=reason)
        held = tell_held(store) if removed else Held()
    said = "is removed" if removed else "was removed already"
    return _say(invocation, kept, held, said=said, key="removed", value=removed)


def show(invocation: Invocation, kinds: Sequence[ChangeKind], *, about: str = "", everything: bool = False) -> int:
    """List changes: those in force or to come, or all that ever were."""
    from cli.doors import store as reading
    from cli.render.changes import change_json, change_table

    now = invocation.now()
    with reading() as store:
        kept = store.kept_changes(kinds, about=about, after=None if everything else now, removed=everything)
        coming = [one.change for one in kept if one.removed_at is None and one.change.end > now]
        idle = _idle(store, coming, now)
    if invocation.json:
        from cli.render.documents import write_json

        write_json({"changes": [{**change_json(one), "idle": one.change.id in idle} for one in kept]})
    elif kept:
        from cli.render.paper import write_table

        write_table(change_table(kept, invocation.moments(), idle=idle))
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


def _say(invocation: Invocation, kept: KeptChange, held: Held, *, said: str, key: str, value: bool) -> int:
    from cli.render.changes import change_json, change_line

    if invocation.json:
        from cli.render.documents import write_json

        waiting = {"waiting": held.waiting, "told": held.told, "why_not": held.why_not}
        write_json({"change": change_json(kept), key: value, "held": waiting})
        return ExitCode.OK
    line = change_line(kept, invocation.moments(), said=said)
    click.echo(line, color=invocation.colour)
    if str(held):
        click.echo(f"  {one_line(str(held))}", err=bool(held.why_not))
    return ExitCode.OK
