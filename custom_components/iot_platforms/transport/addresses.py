"""Addresses as people type them."""

from yarl import URL

from ..model.errors import UnreachableError


def parsed_address(typed: str) -> URL:
    """Return an address without query and fragment, https where nothing else is said.

    Raises UnreachableError where that is no address.
    """
    typed = typed.strip()
    if "://" not in typed:
        typed = f"https://{typed}"
    try:
        # Twice: what the first time encodes, only the second time writes in small letters.
        url = URL(str(URL(typed)))
        host = url.host or ""
    except ValueError, IndexError:  # yarl stumbles over brackets that nobody expects
        raise UnreachableError(reason="invalid_url") from None
    if (
        url.scheme not in ("http", "https")
        or not host.isprintable()
        or not host.strip(". ")
        or any(character in host for character in " %")
        or url.user is not None
    ):
        raise UnreachableError(reason="invalid_url")
    return url.with_query(None).with_fragment(None)


def server_name(address: URL) -> str:
    """Return the server's part of ids: host, port where it is not the usual one, and path."""
    host = address.host or ""
    name = host if address.is_default_port() else f"{host}:{address.port}"
    return name + address.path.rstrip("/")
