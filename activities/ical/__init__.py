"""iCalendar (RFC 5545): schedules that come from a feed, and schedules that go out as one."""

from __future__ import annotations

from activities.ical.names import Names
from activities.ical.reading import FeedError, FeedReading, read_feed
from activities.ical.writing import write_feed

__all__ = ["FeedError", "FeedReading", "Names", "read_feed", "write_feed"]
