"""The search attributes of a ticket: fixed for good (decision 50), and registered where they are missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from escalade.errors import UnreachableError

STATUS: Final = SearchAttributeKey.for_keyword("TicketStatus")
SEVERITY: Final = SearchAttributeKey.for_keyword("TicketSeverity")
SERVICE: Final = SearchAttributeKey.for_keyword("TicketService")
TEAM: Final = SearchAttributeKey.for_keyword("TicketTeam")
POLICY: Final = SearchAttributeKey.for_keyword("TicketPolicy")
TIER: Final = SearchAttributeKey.for_int("TicketTier")
DUE: Final = SearchAttributeKey.for_datetime("TicketDue")
TAGS: Final = SearchAttributeKey.for_keyword_list("TicketTags")

ALL: Final[tuple[SearchAttributeKey[Any], ...]] = (STATUS, SEVERITY, SERVICE, TEAM, POLICY, TIER, DUE, TAGS)

_TYPES: Final[dict[str, tuple[str, IndexedValueType.ValueType]]] = {
    key.name: kind
    for key, kind in zip(
        ALL,
        [
            *[("Keyword", IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD)] * 5,
            ("Int", IndexedValueType.INDEXED_VALUE_TYPE_INT),
            ("Datetime", IndexedValueType.INDEXED_VALUE_TYPE_DATETIME),
            ("KeywordList", IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST),
        ],
        strict=True,
    )
}

CLI_NAMES: Final = {name: word for name, (word, _) in _TYPES.items()}
"""Each attribute with its type as the `temporal` command line spells it."""

_RPC_TIMEOUT: Final = timedelta(seconds=10)


async def registered(client: Client) -> dict[str, IndexedValueType.ValueType]:
    """The custom search attributes of the client's namespace."""
    answer = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace), timeout=_RPC_TIMEOUT
    )
    return dict(answer.custom_attributes)


async def missing(client: Client) -> list[str]:
    """The names of the attributes that are not registered.

    Raises:
        UnreachableError: when one is registered with another type, which nothing here can put right.
    """
    there = await registered(client)
    for name, (word, kind) in _TYPES.items():
        if name in there and there[name] != kind:
            raise UnreachableError(
                f"The search attribute {name} of namespace {client.namespace!r} is not of type {word}.",
                mend="Use a namespace of its own for Escalade, or remove the attribute and start again.",
            )
    return [name for name in _TYPES if name not in there]


async def register(client: Client) -> list[str]:
    """Register what is missing.

    Returns:
        The names that were registered now.

    Raises:
        UnreachableError: when it is not allowed; the sentence says how an administrator does it.
    """
    absent = await missing(client)
    if not absent:
        return []
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=client.namespace, search_attributes={name: _TYPES[name][1] for name in absent}
            ),
            timeout=_RPC_TIMEOUT,
        )
    except RPCError as error:
        # Two workers that start at once register the same attributes.
        if error.status == RPCStatusCode.ALREADY_EXISTS or not await missing(client):
            return []
        raise UnreachableError(
            f"The search attributes {', '.join(absent)} are not registered and could not be: {error.message}.",
            mend="As an administrator run: " + register_command(absent),
        ) from error
    return absent


def register_command(names: list[str]) -> str:
    """The `temporal` command that registers these attributes."""
    pairs = " ".join(f"--name {name} --type {_TYPES[name][0]}" for name in names)
    return f"temporal operator search-attribute create {pairs}"
