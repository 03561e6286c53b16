"""Public holidays by country, from the library `holidays`.

The one room of the ground that knows that library: it is loaded when a calendar names a country, and never in a
workflow, which only sees the dates that were pinned.
"""

from __future__ import annotations

import functools
from datetime import date
from typing import Final

from escalade.errors import CalendarError

_ENGLISH: Final = "en_US"


@functools.cache
def countries() -> dict[str, tuple[str, ...]]:
    """The countries that are known, each with its subdivisions."""
    import holidays  # noqa: PLC0415 (loaded only where a country is named)

    known = holidays.list_supported_countries(include_aliases=False)
    return {country: tuple(subdivisions) for country, subdivisions in known.items()}


def public_holidays(country: str, subdivision: str | None, years: range) -> dict[date, tuple[str, ...]]:
    """The public holidays of a country by date, each with its names: in the country's own language, and in English.

    Args:
        country: an ISO 3166 code.
        subdivision: a part of it by its ISO 3166-2 code without the country; None is what all parts share.
        years: the years that are wanted.

    Raises:
        CalendarError: when the country or the subdivision is not known.
    """
    complaint = unknown_place(country, subdivision)
    if complaint:
        raise CalendarError(complaint[0], mend=complaint[1])
    return _listed(country, subdivision, years.start, years.stop)


def unknown_place(country: str, subdivision: str | None) -> tuple[str, str] | None:
    """What is wrong with a country and subdivision, and how to mend it; None when both are known."""
    if country not in countries():
        likely = country.strip()[:2].upper()
        hint = f"Did you mean {likely}? " if likely in countries() else ""
        return f"No public holidays are known of a country {country!r}.", f"{hint}Write its ISO 3166 code, like FR."
    known = countries()[country]
    if subdivision is not None and subdivision not in known:
        allowed = f"Known: {', '.join(known[:60])}." if known else "It has none: leave `subdivision` out."
        return f"{country} has no subdivision {subdivision!r}.", allowed
    return None


@functools.lru_cache(maxsize=64)
def _listed(country: str, subdivision: str | None, first: int, stop: int) -> dict[date, tuple[str, ...]]:
    import holidays  # noqa: PLC0415 (loaded only where a country is named)

    # The language is always given: the library would take that of the machine, and two workers would disagree.
    place = holidays.country_holidays(country, subdiv=subdivision)
    languages = [place.default_language, *({_ENGLISH} & set(place.supported_languages) - {place.default_language})]
    years = range(first, stop)
    lists = [holidays.country_holidays(country, subdiv=subdivision, years=years, language=name) for name in languages]
    return {day: tuple(found[day] for found in lists) for day in sorted(lists[0])}
