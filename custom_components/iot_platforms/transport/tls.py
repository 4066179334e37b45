"""Whom to trust."""

import ssl

from ..model.errors import TlsError


def ssl_context(*, verify: bool, ca_certificate: str | None) -> ssl.SSLContext | bool:
    """Return what aiohttp takes as ``ssl``; reads files, so never call it in the event loop.

    ``ca_certificate`` is PEM text that is trusted besides the public authorities.
    """
    if not verify:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if not ca_certificate:
        return True
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cadata=ca_certificate)
    except ssl.SSLError, ValueError:
        raise TlsError(reason="bad_certificate") from None
    return context
