"""The windows there are: those of the configuration and those in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from escalade.maintenance.window import MaintenanceWindow
    from store import Store


def in_force(opened: Store) -> list[MaintenanceWindow]:
    """Every window that is open or may open again, by name."""
    from cli.doors import configuration

    return opened.windows_in_force(configuration().windows)


def window_named(opened: Store, name: str) -> MaintenanceWindow:
    """The window of a name, or of any unique beginning of one.

    Raises:
        NoSuchWindowError: when there is none.
        WrongCommandError: when it is the beginning of several.
    """
    from cli.failures import WrongCommandError
    from store import NoSuchWindowError

    there = in_force(opened)
    found = [one for one in there if one.id == name] or [one for one in there if one.id.startswith(name.lower())]
    if not found:
        raise NoSuchWindowError(f"There is no maintenance window {name!r}.", mend="See them: escalade maintenance list")
    if len(found) > 1:
        names = ", ".join(one.id for one in found[:5])
        raise WrongCommandError(f"{name!r} is the beginning of several: {names}.", mend="Give more of it.")
    return found[0]
