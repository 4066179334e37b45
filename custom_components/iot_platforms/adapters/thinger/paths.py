"""Addresses on the server."""

from urllib.parse import quote


def path(*parts: str) -> str:
    """Return the address of what the parts name; each may hold anything (4)."""
    return "/".join(quote(part, safe="", errors="replace") for part in parts)
