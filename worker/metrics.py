"""What a worker measures, served to Prometheus by the SDK's own endpoint together with the SDK's figures."""

from __future__ import annotations

import logging
import socket
from typing import Final

from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from activities.page import LATENESS
from escalade.errors import EscaladeError
from worker.settings import Address

ACKNOWLEDGE_LATENCY: Final = "escalade_acknowledge_latency"
"""Seconds between a rung's entry and the acknowledgement that stopped its paging."""

_LATENESS_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
_LATENCY_BUCKETS: Final = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 14400.0)


def telemetry(address: Address | None) -> TelemetryConfig:
    """How the SDK reports.

    Args:
        address: where `/metrics` is served; None measures nothing.
    """
    # By itself the core writes on the console, in colours and a form of its own; so it speaks through this log.
    forwarding = LogForwardingConfig(logging.getLogger("temporalio.core"), append_target_to_name=False)
    logs = LoggingConfig(filter=TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=forwarding)
    if address is None:
        return TelemetryConfig(logging=logs)
    return TelemetryConfig(
        logging=logs,
        metrics=PrometheusConfig(
            bind_address=str(address),
            counters_total_suffix=True,
            unit_suffix=True,
            durations_as_seconds=True,
            histogram_bucket_overrides={LATENESS: _LATENESS_BUCKETS, ACKNOWLEDGE_LATENCY: _LATENCY_BUCKETS},
        ),
    )


def runtime(address: Address | None) -> Runtime:
    """The runtime of a worker process; make one per process.

    Raises:
        EscaladeError: when the address cannot be listened on.
    """
    if address is not None and address.port:
        with socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address.host, address.port))
            except OSError as error:
                raise EscaladeError(
                    f"Metrics cannot be served at {address}: {error.strerror}.",
                    mend="Set ESCALADE_METRICS to a free address of this machine, or leave it out.",
                ) from None
    return Runtime(telemetry=telemetry(address))
