"""Times of platforms as Home Assistant takes them."""

from datetime import UTC, datetime


def moment(seconds: float) -> datetime | None:
    """Return the moment of Unix seconds, None for what is no time that a calendar knows."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except ValueError, OverflowError, OSError:
        return None
