"""ThingsBoard (platforms/thingsboard.md; its sections are given in brackets)."""

from .adapter import ThingsBoardAdapter

__all__ = ["ThingsBoardAdapter"]
