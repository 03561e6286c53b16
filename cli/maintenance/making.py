"""Making a maintenance window, ending what is open of one, and taking one away."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from cli.oncall.spans import span_options
from cli.options import acting, command, reason
from cli.severity import SEVERITY

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from cli.invocation import Invocation
    from cli.oncall.complaints import Complaints
    from escalade.maintenance.window import WindowSpec


def _which(function: Callable[..., Any]) -> Callable[..., Any]:
    """The conditions on tickets."""
    for option in reversed(
        [
            click.option("--service", multiple=True, metavar="NAME", help="Tickets of this service; several: any."),
            click.option("--source", multiple=True, metavar="NAME", help="Tickets that came through this."),
            click.option("--label", multiple=True, metavar="NAME=VALUE", help="Tickets with this label."),
            click.option("--customer-tier", multiple=True, metavar="NAME", help="Tickets of this tier of customers."),
            click.option("--severity", multiple=True, type=SEVERITY, metavar="SEV", help="Tickets of this severity."),
            click.option("--everything", is_flag=True, help="Every ticket."),
            click.option(
                "--except-severity", multiple=True, type=SEVERITY, metavar="SEV", help="Page these all the same."
            ),
        ]
    ):
        function = option(function)
    return function


@command(
    "add",
    examples=[
        "escalade maintenance add db-upgrade --service payments --for 2h",
        "escalade maintenance add patching --label host=db-1 --from 22:00 --for 4h",
        "escalade maintenance add night --service shop --for 2h --recurrence FREQ=DAILY",
    ],
    instants=True,
)
@click.argument("name", metavar="[NAME]", required=False)
@_which
@span_options
@click.option("--recurrence", default="", metavar="RRULE", help="Again: FREQ=WEEKLY;BYDAY=SU (RFC 5545).")
@click.option("--zone", metavar="ZONE", help="By whose wall clock.  [default: where you live]")
@click.option("--title", default="", metavar="TEXT", help="What it is, for the timelines.")
@reason
@acting
def add(
    invocation: Invocation,
    name: str | None,
    *,
    begin: str | None,
    end: str | None,
    length: str | None,
    zone: str | None,
    **written: Any,
) -> int:
    """Let nobody be paged for a while.

    Tickets it concerns are told at once: they stand still while it is open, and what is still open at its end is
    paged then. All conditions given must hold, each by any of its values. NAME is up to you.
    """
    import uuid

    from cli.acting import acting_person
    from cli.doors import people, writable_store
    from cli.failures import WrongCommandError
    from cli.maintenance.known import in_force
    from cli.maintenance.telling import Concerned, say, tell_concerned
    from cli.oncall.complaints import Complaints
    from cli.oncall.spans import read_span
    from escalade.ticket import key_from_bytes

    by, complaints, now = acting_person(invocation), Complaints(), invocation.now()
    wall = _zone(complaints, zone or people().people[by.id].time_zone)
    # The first opening of a recurring one may be over, as in maintenance.yaml: what was is not changed by it.
    recurring = bool(written["recurrence"].strip())
    span = read_span(complaints, begin=begin, end=end, length=length, zone=wall, now=now, recurring=recurring)
    times = {"start": span.start, "end": span.end} if span is not None else {"start": now, "lasts": "1h"}
    spec = _spec(complaints, zone=str(wall), times=times, **written)
    window_id = name or key_from_bytes(uuid.uuid4().bytes)[:6]
    _check_name(complaints, window_id)
    if spec is not None and span is not None and spec.recurrence and not any(spec.spans(now, most=1)):
        complaints.add("It is over already: its rule has no opening to come.", "Change UNTIL or COUNT of the rule.")
    complaints.tell()
    assert spec is not None
    with writable_store() as store:
        if any(one.id == window_id and one.source == "configuration" for one in in_force(store)):
            raise WrongCommandError(f"maintenance.yaml has a window {window_id!r}.", mend="Give another name.")
        window, new = store.add_window(window_id, spec, by=by)
        concerned = tell_concerned(store, window.id, now) if new else Concerned()
    return say(invocation, window, "is made" if new else "was made already", concerned, new=new)


@command(
    "end",
    examples=["escalade maintenance end db-upgrade --reason 'done sooner'"],
    instants=True,
)
@click.argument("name", metavar="NAME")
@reason
@acting
def end(invocation: Invocation, name: str, reason: str) -> int:
    """End what is open of a window; what is still open is paged.

    Windows of maintenance.yaml can be ended too. A recurring one opens again at its next time.
    """
    from cli.acting import acting_person
    from cli.doors import writable_store
    from cli.failures import WrongCommandError
    from cli.maintenance.known import window_named
    from cli.maintenance.telling import say, tell_concerned

    by = acting_person(invocation)
    with writable_store() as store:
        window = window_named(store, name)
        at = store.end_window(window, by=by, why=reason)
        if at is None:
            mend = f"To take it away: escalade maintenance remove {window.id}"
            raise WrongCommandError(f"The window {window.id} is not open now.", mend=mend)
        concerned = tell_concerned(store, window.id, invocation.now())
    ended = window.model_copy(update={"ended": (*window.ended, at)})
    return say(invocation, ended, "is ended", concerned, ended_at=at.isoformat())


@command("remove", examples=["escalade maintenance remove db-upgrade --reason 'called off'"], instants=True)
@click.argument("name", metavar="NAME")
@reason
@acting
def remove(invocation: Invocation, name: str, reason: str) -> int:
    """Take a window away that was made by command.

    What is open of it ends, and what is still open is paged. It never opens again.
    """
    from cli.acting import acting_person
    from cli.doors import store as reading
    from cli.maintenance.known import window_named
    from cli.maintenance.telling import say, say_unreadable, tell_concerned

    by = acting_person(invocation)
    with reading() as store:
        if name in store.unreadable_windows():
            store.remove_window(name, by=by, why=reason)
            return say_unreadable(invocation, name, tell_concerned(store, name, invocation.now()))
        window = window_named(store, name)
        store.remove_window(window.id, by=by, why=reason)
        concerned = tell_concerned(store, window.id, invocation.now())
    return say(invocation, window, "is removed", concerned, removed=True)


def _zone(complaints: Complaints, name: str) -> ZoneInfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        complaints.add(f"--zone: {name!r} is not an IANA time zone.", "Write it like Europe/Paris.")
        return ZoneInfo("UTC")


def _check_name(complaints: Complaints, name: str) -> None:
    from pydantic import TypeAdapter, ValidationError

    from escalade.written import Identifier

    try:
        TypeAdapter(Identifier).validate_python(name)
    except ValidationError:
        complaints.add(f"{name!r} is no name for a window.", "Use lower-case letters, digits, ., _ and -; 64 at most.")


def _spec(complaints: Complaints, *, zone: str, times: dict[str, Any], **written: Any) -> WindowSpec | None:
    from pydantic import ValidationError

    from escalade.maintenance.window import WindowSpec

    before = len(complaints)
    _check_values(complaints, written)
    match = {name: list(written.pop(name)) for name in ("service", "source", "customer_tier", "severity")}
    labels: dict[str, list[str]] = {}
    for text in written.pop("label"):
        label, equals, value = text.partition("=")
        if not equals or not label or not value:
            complaints.add(f"--label: {text!r} is no label.", "Write it like host=db-1.")
        labels.setdefault(label, []).append(value)
    conditions = {name: values for name, values in {**match, "labels": labels}.items() if values}
    if not conditions and not written["everything"]:
        complaints.add("It does not say which tickets.", "Give --service, --label, … or --everything.")
        return None
    values = {**times, **written, "zone": zone, "except_severity": list(written["except_severity"])}
    values |= {"match": [conditions]} if conditions else {}
    try:
        return WindowSpec.model_validate(
            {name: value for name, value in values.items() if value not in ("", [], False)}
        )
    except ValidationError as error:
        told = len(complaints) > before
        for one in error.errors():
            named = next((part for part in reversed(one["loc"]) if isinstance(part, str)), "")
            if told and not named:
                # It was said in the words of the options.
                continue
            where = f"--{named.replace('_', '-')}: " if named else ""
            what, _, mend = one["msg"].removeprefix("Value error, ").replace("`", "").partition("; ")
            complaints.add(f"{where}{_sentence(what)}", _sentence(mend) if mend else None)
        return None


def _check_values(complaints: Complaints, written: dict[str, Any]) -> None:
    """Values of options that no ticket can have."""
    for name in ("service", "source", "customer_tier"):
        if any(not value.strip() for value in written[name]):
            complaints.add(f"--{name.replace('_', '-')} is empty, and no ticket has that.", "Write the value.")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
