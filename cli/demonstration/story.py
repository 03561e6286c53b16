"""The story: tickets are opened, one climbs, the worker is killed, the ticket is solved all the same."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from cli.demonstration import proof
from cli.demonstration.narrator import Narrator
from cli.demonstration.proof import Fact, Killing
from cli.demonstration.receivers import Post, Received
from cli.demonstration.scene import Scene, key_of_sample, sample_tickets
from cli.demonstration.screen import Screen
from cli.ticket.importing import open_all
from escalade.errors import EscaladeError
from escalade.messages.views import TicketView
from store import Store
from worker.client import TicketClient
from worker.connection import connect
from worker.processes import ProcessMark
from worker.running import read_up
from worker.settings import Settings
from worker.supervisor import WORKER_READY, embedded_env

_T = TypeVar("_T")
_TURN: Final = 25.0
"""Seconds in which each thing of the story has to happen, on a machine that is busy, too."""
_BEFORE: Final = timedelta(seconds=1.5)
"""So long before a round is due the worker is killed."""


class DemoError(EscaladeError):
    """The demo did not go as it should."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the story ended."""

    killing: Killing
    opened: int
    over: list[str]
    """Keys of tickets that had arrived resolved."""


class Story:
    """Played once, on a stage that is up."""

    def __init__(self, scene: Scene, screen: Screen, post: Post, settings: Settings) -> None:
        """Take the stage."""
        self._scene = scene
        self._screen = screen
        self._post = post
        self._settings = settings
        self._tickets = sample_tickets()
        self.key = key_of_sample(self._tickets[0].ticket)
        """The ticket that is followed."""
        self.state = settings.state
        """Where the journal is."""

    async def play(self) -> Ended:
        """Play it.

        Raises:
            DemoError: when something did not happen in time.
        """
        up = read_up(self._settings.state)
        assert up is not None
        assert up.server is not None
        env = {**self._scene.env(), **embedded_env(up.server.address)}
        client = TicketClient(await connect(self._settings, env), answer_within=timedelta(seconds=2))
        with Store.open(self._settings.store, migrate=False) as store, self._screen.living():
            self._screen.worker = f"worker {self._worker().pid}"
            over = await self._open(client)
            narrator = Narrator(self._screen, self._post, store, client, self.key)
            telling = asyncio.create_task(narrator.run())
            try:
                ended = await self._climb(client, narrator, env, over)
            finally:
                telling.cancel()
                await asyncio.wait({telling})
            narrator.finish()
        return ended

    async def _open(self, client: TicketClient) -> list[str]:
        """Open all tickets; the keys of those that are over already."""
        first = self._tickets[0].ticket
        began = self._screen.start_clock()
        result = await open_all(client, "tickets.jsonl", self._tickets, lambda: None)
        if result.failed:
            raise DemoError(f"Not every ticket could be opened: {result.problems[0]}")
        text = f"{len(result.opened)} tickets of the sample file; this one is followed:"
        self._screen.tell("opened", text, at=began)
        self._screen.tell("", f"{self.key}  {first.severity.value}  {first.title}", style="heading", at=began)
        return [key_of_sample(row.ticket) for row in self._tickets if row.ticket.status != "new"]

    async def _climb(self, client: TicketClient, narrator: Narrator, env: dict[str, str], over: list[str]) -> Ended:
        others = len(self._tickets) - 1 - len(over)
        await self._until(f"{others} mails to the desk", lambda: len(self._to("desk")) >= others or None)
        at, text = self._to("desk")[-1].at, f"{others} to the desk, for the {others} other open tickets"
        narrator.later(at, lambda: self._screen.tell("✉ mail", text, at=at))
        await self._until("a mail to Bruno", lambda: self._to("bruno@") or None)
        await asyncio.sleep(1.5)  # Bruno reads
        self._post.sms_has_credit = True
        await self._command(env, "ack", self.key, "--as", "bruno")
        await self._until("a page to Inès", lambda: self._to("ines") or None)
        killing = await self._kill(client, narrator)
        await asyncio.sleep(1.0)  # Inès reads
        await self._command(env, "ack", self.key, "--as", "ines")
        await asyncio.sleep(1.0)
        await self._command(env, "resolve", self.key, "--as", "ines", "--comment", "the acquirer is back")
        await self._settle(narrator)
        return Ended(killing, len(self._tickets), over)

    async def _kill(self, client: TicketClient, narrator: Narrator) -> Killing:
        """SIGKILL the worker shortly before a round is due; see that another worker makes that round."""
        view, due = await self._next_round(client)
        old, tier, number = self._worker(), view.tier_name, view.round + 1
        await asyncio.sleep(max(0.0, (due - _BEFORE - datetime.now(UTC)).total_seconds()))
        narrator.finish()
        at = datetime.now(UTC)
        os.kill(old.pid, signal.SIGKILL)
        left = f"round {number} of {tier} is due in {(due - at).total_seconds():.1f}s"
        self._screen.worker = f"worker {old.pid} killed"
        self._screen.tell("✗ SIGKILL", f"worker {old.pid}, in the middle of a wait", left, style="bad")
        new = await self._until("a new worker", lambda: self._successor(old))
        self._screen.worker = f"worker {new.pid}, after {old.pid} was killed"
        self._screen.tell("started", f"by `up`: worker {new.pid} goes on where the other was", style="good")
        await self._until(f"round {number} of {tier}", lambda: self._round(tier, number) or None)
        return Killing(worker=old.pid, successor=new.pid, at=at, due=due, tier=tier, round=number)

    async def _next_round(self, client: TicketClient) -> tuple[TicketView, datetime]:
        """The ticket, and when its next round is due: with time left to kill somebody before.

        While the pages of a round are on their way no other is planned, so this may take a moment.
        """
        deadline = asyncio.get_running_loop().time() + _TURN
        while asyncio.get_running_loop().time() < deadline:
            view = await client.view(self.key)
            soon = datetime.now(UTC) + _BEFORE
            due = [ahead.at for ahead in view.upcoming if ahead.kind == "round" and ahead.at > soon]
            if due:
                return view, due[0]
            await asyncio.sleep(0.1)
        raise DemoError(f"No further round was planned for {self.key} within {_TURN:g} s.")

    def _worker(self) -> ProcessMark:
        up = read_up(self._settings.state)
        if up is None or up.worker is None:
            raise DemoError("There is no worker.")
        return up.worker

    def _successor(self, old: ProcessMark) -> ProcessMark | None:
        up = read_up(self._settings.state)
        new = up.worker if up is not None else None
        ready = (self._settings.state / WORKER_READY).exists()
        return new if new is not None and new != old and ready else None

    def _to(self, name: str) -> list[Received]:
        return [one for one in self._post.taken() if one.to.startswith(name)]

    def _round(self, tier: str, number: int) -> list[Received]:
        own = [one for one in self._post.taken() if one.ticket == self.key and one.data.get("purpose") == "round"]
        return [one for one in own if one.data["ticket"]["tier"] == tier and one.data["ticket"]["round"] == number]

    async def _settle(self, narrator: Narrator) -> None:
        """Wait until the journal has everything, and every message it speaks of is there."""
        await self._until("the resolution", lambda: any(e.kind == "ticket.resolved" for e in narrator.entries) or None)
        store = Store.open(self._settings.store, migrate=False)
        try:
            await self._until("the last message", lambda: self._complete(store) or None)
        finally:
            store.close()

    def _complete(self, store: Store) -> bool:
        told = proof.told(proof.entries_of(store))
        return bool(self._round_of_notices()) and len(told) >= len(self._post.taken())

    def _round_of_notices(self) -> list[Received]:
        """What followers were told of the resolution."""
        return [one for one in self._to("bruno") if "resolved" in one.subject]

    async def _command(self, env: dict[str, str], *words: str) -> None:
        """Run a command as a person would, in a process of its own."""
        self._screen.tell("$", " ".join(["escalade", "ticket", *(w if " " not in w else f'"{w}"' for w in words)]))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli.main", "ticket", *words),
            env=env,
            start_new_session=True,  # Ctrl-C is ours: a command that it ends would look like one that failed
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            _, said = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        if process.returncode:
            raise DemoError(f"`escalade ticket {words[0]}` ended with {process.returncode}: {said.decode().strip()}")

    async def _until(self, what: str, condition: Callable[[], _T | None], *, within: float = _TURN) -> _T:
        deadline = asyncio.get_running_loop().time() + within
        while (found := condition()) is None:
            if asyncio.get_running_loop().time() > deadline:
                log = self._settings.state / "worker.log"
                raise DemoError(f"There was no sign of {what} within {within:g} s.", mend=f"The worker's log: {log}")
            await asyncio.sleep(0.05)
        return found

    def facts(self, ended: Ended) -> list[Fact]:
        """What it proved. The stage is down by now; only what was kept is looked at."""
        taken, everything = self._post.taken(), list(self._post.received)
        with Store.open(self._settings.store, migrate=False) as store:
            entries = proof.entries_of(store)
            return [
                proof.deliveries(entries, taken),
                proof.silent(entries, ended.opened, ended.over),
                proof.signatures(everything),
                proof.fell_over(everything),
                proof.quiet_after(entries, taken, self.key),
                proof.survived(ended.killing, taken, self.key),
                proof.journal(store),
            ]
