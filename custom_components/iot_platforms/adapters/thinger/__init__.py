"""Thinger.io, after platforms/thinger.md: the section numbers in comments are its."""

from .adapter import ThingerAdapter

__all__ = ["ThingerAdapter"]
