"""Whom to trust."""

import ssl

from ..model.errors import TlsError


def ssl_context(*, verify: bool, ca_certificate: str | None) -> ssl.SSLContext | bool:
    """Return what aiohttp takes as ``ssl``; reads files, so never call it in the event loop.

    ``ca_certificate`` is PEM text that is trusted besides the public authorities.
    """
    if verify and not ca_certificate:
        return True
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    # Name, dates and signatures count; formalities that home-made certificates lack do not.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    try:
        # Around a certificate a file may hold anything, in any script.
        context.load_verify_locations(
            cadata=str(ca_certificate).encode("ascii", errors="replace").decode()
        )
    except ssl.SSLError, ValueError:
        raise TlsError(reason="bad_certificate") from None
    return context
