"""How to reach Temporal: its own configuration, then the server of `escalade up`, then its default address."""

from __future__ import annotations

import asyncio
import logging
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfigProfile, ClientConnectConfig
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.service import RetryConfig, RPCError, RPCStatusCode

from escalade.errors import EscaladeError, UnreachableError
from worker.running import has_held_up, live_server, read_up
from worker.settings import Settings

_LOG = logging.getLogger(__name__)

DEFAULT_ADDRESS: Final = "localhost:7233"
CONNECT_WITHIN: Final = timedelta(seconds=3)

_REASONS: Final = {
    "ConnectionRefused": "nothing listens there",
    "Connection refused": "nothing listens there",
    "HostUnreachable": "there is no way to that host",
    "NetworkUnreachable": "there is no way to that network",
    "ConnectionReset": "the connection was cut",
    "failed to lookup address": "there is no such host",
    "InvalidUri": "that is no address",
    "InvalidCertificate": "its certificate is not one that is trusted",
    "BadCertificate": "it does not accept the certificate",
    "HandshakeFailure": "it does not accept the certificate",
    "InvalidContentType": "it does not speak TLS",
    "Unauthorized": "it does not accept the key",
    "Unauthenticated": "it does not accept the key",
}
"""What the SDK's error holds, and what that means."""
_CAUSE: Final = re.compile(r'(?:message|error): "([^"]+)"')

_IMPATIENT: Final = RetryConfig(max_elapsed_time_millis=3000, max_retries=5)
"""For programs a person waits for; workers keep the SDK's own, which polls for ever."""


@dataclass(frozen=True)
class Destination:
    """A Temporal server and namespace, and who named it."""

    address: str
    namespace: str
    source: str
    """Where the address comes from, in words."""
    profile: ClientConfigProfile
    assumed: bool = False
    """Nobody named it: whatever answers there may be somebody else's."""

    @property
    def connect_config(self) -> ClientConnectConfig:
        """What `Client.connect` is given."""
        config = self.profile.to_client_connect_config()
        config["target_host"] = self.address
        config["namespace"] = self.namespace
        return config


def destination(settings: Settings, env: Mapping[str, str]) -> Destination:
    """Find out where Temporal is, without asking it.

    Args:
        settings: names the state directory in which a running `escalade up` leaves its address.
        env: `TEMPORAL_ADDRESS`, `TEMPORAL_PROFILE`, `TEMPORAL_CONFIG_FILE` and the others that Temporal documents.

    Raises:
        EscaladeError: when Temporal's configuration file cannot be read or lacks the profile.
        UnreachableError: when the server of `escalade up` is meant, and is not running.
    """
    try:
        profile = ClientConfigProfile.load(override_env_vars=dict(env))
    except (RuntimeError, ValueError, OSError, tomllib.TOMLDecodeError) as error:
        raise EscaladeError(
            f"Temporal's configuration cannot be read: {error}",
            mend="Check TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE, or leave them out.",
        ) from None
    namespace = profile.namespace or "default"
    if profile.address:
        source = "TEMPORAL_ADDRESS" if env.get("TEMPORAL_ADDRESS") else "Temporal's configuration file"
        return Destination(profile.address, namespace, source, profile)
    embedded = live_server(settings.state)
    if embedded is not None:
        return Destination(embedded.address, namespace, f"escalade up in {settings.state}", profile)
    if has_held_up(settings.state):
        raise _down(settings.state)
    why = "Temporal's default address, since nothing names another"
    return Destination(DEFAULT_ADDRESS, namespace, why, profile, assumed=True)


async def connect(
    settings: Settings,
    env: Mapping[str, str],
    *,
    within: timedelta = CONNECT_WITHIN,
    runtime: Runtime | None = None,
    worker: bool = False,
    identity: str | None = None,
) -> Client:
    """Connect to Temporal.

    Args:
        settings: this process's settings.
        env: the environment.
        within: how long it may take altogether.
        runtime: what carries the metrics of a worker.
        worker: the client is for workers: with the plugin, and the SDK's own patience.
        identity: how this process is called in Temporal's history.

    Raises:
        UnreachableError: when nothing answers there in time, or refuses.
    """
    where = destination(settings, env)
    _LOG.info("Temporal is looked for at %s (from %s).", where.address, where.source)
    options: dict[str, Any] = {
        "data_converter": pydantic_data_converter,
        "retry_config": _IMPATIENT,
        "runtime": runtime or _quiet(),
    }
    if worker:
        from worker.plugin import escalade_plugin  # noqa: PLC0415 - 50 ms that a command line need not pay

        # The plugin brings the converter, and reaches the workers that are made from the client.
        options = {"plugins": [escalade_plugin()], "runtime": runtime}
    try:
        call = Client.connect(**where.connect_config, **options, identity=identity)
        return await asyncio.wait_for(call, within.total_seconds())
    except TimeoutError:
        raise unreachable(where, f"no answer within {within.total_seconds():g} s") from None
    except (RuntimeError, ValueError, OSError) as error:
        raise unreachable(where, _why(error)) from None


@cache
def _quiet() -> Runtime:
    """A runtime whose core writes nothing of its own on somebody's terminal; with `-vv` it does."""
    if _LOG.isEnabledFor(logging.DEBUG):
        return Runtime.default()
    return Runtime(telemetry=TelemetryConfig(logging=None))


def _down(state: Path) -> UnreachableError:
    """The server of this directory is meant and away. Whoever answers at the default address is somebody else."""
    up = read_up(state)
    if up is not None and up.supervisor.alive:
        return UnreachableError(
            f"The Temporal server of `escalade up` in {state} is not running: it is being started, or again.",
            mend=f"Try again in a moment; {state / 'temporal.log'} says what happens.",
        )
    return UnreachableError(
        f"`escalade up` is not running here: it keeps its tickets in {state}.",
        mend="Start it with `escalade up`, or name another Temporal with TEMPORAL_ADDRESS or a profile.",
    )


def unreachable(where: Destination, reason: str) -> UnreachableError:
    """The error that names the address, who named it, and what to do."""
    mend = "Start one with `escalade up`, or name another with TEMPORAL_ADDRESS or a profile in temporal.toml."
    if where.profile.api_key or where.profile.tls:
        mend = "Check the address, and the key or certificates that Temporal's configuration names."
    return UnreachableError(
        f"Temporal cannot be reached at {where.address} (from {where.source}): {reason}.", mend=mend
    )


def call_failed(client: Client, error: RPCError) -> UnreachableError:
    """What a failed call means to a person; for failures that are about the server and not about a ticket."""
    address = client.service_client.config.target_host
    if error.status in (RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.PERMISSION_DENIED):
        return UnreachableError(
            f"Temporal at {address} refuses: {error.message}.",
            mend="Check TEMPORAL_API_KEY or the certificates, and that they may use this namespace.",
        )
    if error.status == RPCStatusCode.NOT_FOUND and "amespace" in error.message:
        return UnreachableError(
            f"Temporal at {address} has no namespace {client.namespace!r}.",
            mend=f"Make it with `temporal operator namespace create {client.namespace}`, or set TEMPORAL_NAMESPACE.",
        )
    if error.status == RPCStatusCode.INVALID_ARGUMENT and "search attribute" in error.message.lower():
        return UnreachableError(
            f"Temporal at {address} does not know Escalade's search attributes: {error.message}.",
            mend="Start a worker once (it registers them), or see `escalade doctor`.",
        )
    return UnreachableError(
        f"Temporal at {address} did not answer: {_first_line(error)}.", mend="Try again; `escalade doctor` tells more."
    )


def _why(error: BaseException) -> str:
    """Why a connection failed, in words; what the SDK prints of its own types is for its makers."""
    text = str(error)
    for sign, words in _REASONS.items():
        if sign in text:
            return words
    cause = _CAUSE.search(text)
    return cause.group(1) if cause else _first_line(error).removeprefix("Failed client connect: ")


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.split("\n", 1)[0].removesuffix(".")[:300]


async def serving(address: str, *, within: timedelta) -> bool:
    """Whether a server at an address comes to serve within a time."""
    deadline = asyncio.get_running_loop().time() + within.total_seconds()
    while asyncio.get_running_loop().time() < deadline:
        try:
            client = await asyncio.wait_for(Client.connect(address, retry_config=_IMPATIENT, runtime=_quiet()), 2)
            if await client.service_client.check_health(timeout=timedelta(seconds=1)):
                return True
        except (RuntimeError, RPCError, TimeoutError, OSError):
            await asyncio.sleep(0.05)
    return False


def certificate_files(profile: ClientConfigProfile) -> list[Path]:
    """The files Temporal's configuration names for TLS, for the doctor to look at."""
    tls = profile.tls
    if tls is None:
        return []
    return [
        source
        for source in (tls.server_root_ca_cert, tls.client_cert, tls.client_private_key)
        if isinstance(source, Path)
    ]
