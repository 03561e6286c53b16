"""Short numbers: how a person answers about a ticket by SMS or voice (decision 22).

A number belongs to one ticket of one person for as long as the ticket is open, so every delivery about that
ticket carries the same one, and no two open tickets of a person share one. The lowest free number is taken.
"""

from __future__ import annotations

from sqlalchemy import Connection, and_, delete, exists, insert, or_, select, text

from store.tables import lives, numbers, tickets

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:target, 22))")


def claim(connection: Connection, target: str, key: str, life: str) -> int:
    """The number of a ticket for somebody, taken now if it has none.

    Args:
        connection: the transaction; it keeps others from claiming for the same target until it is over.
        target: who is told.
        key: the ticket; empty when it is about none.
        life: the ticket's life.

    Returns:
        The number, from 1; 0 when it is about no ticket.
    """
    if not key:
        return 0
    if connection.dialect.name == "postgresql":
        # SQLite has one writer at a time anyway.
        connection.execute(_LOCK, {"target": to_lockable(target)})
    mine = and_(numbers.c.target == target, numbers.c.key == key, numbers.c.life == life)
    found: int | None = connection.execute(select(numbers.c.number).where(mine)).scalar()
    if found is not None:
        return found
    _free_those_of_ended_tickets(connection, target)
    taken = set(connection.execute(select(numbers.c.number).where(numbers.c.target == target)).scalars())
    lowest = next(number for number in range(1, len(taken) + 2) if number not in taken)
    connection.execute(insert(numbers).values(target=target, number=lowest, key=key, life=life))
    return lowest


def to_lockable(target: str) -> str:
    """A target as the lock's name, which goes to the database as it is."""
    return target.encode("unicode_escape").decode("ascii")


def _free_those_of_ended_tickets(connection: Connection, target: str) -> None:
    # A life that was never projected counts as open: its first snapshot may still be on its way.
    seen = exists().where(lives.c.key == numbers.c.key, lives.c.life == numbers.c.life)
    over = exists().where(
        tickets.c.key == numbers.c.key, or_(tickets.c.life != numbers.c.life, tickets.c.is_open.is_(False))
    )
    connection.execute(delete(numbers).where(numbers.c.target == target, seen, over))
