"""Maintenance windows: when nobody is to be woken because the noise is expected.

`window` is what people make; `pinned` is what a ticket keeps of it, and needs no time zone data.
"""

from __future__ import annotations
