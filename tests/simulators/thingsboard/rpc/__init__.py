"""Calls to devices (thingsboard.md 10)."""
