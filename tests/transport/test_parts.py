"""Redaction, TLS, limits and the clock."""

import asyncio
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
import ssl
import time

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.iot_platforms.model.errors import TlsError
from custom_components.iot_platforms.transport.clock import Clock
from custom_components.iot_platforms.transport.limits import Limits
from custom_components.iot_platforms.transport.redaction import (
    REDACTED,
    hidden,
    redacted,
)
from custom_components.iot_platforms.transport.tls import ssl_context

from .helpers import Net, token

from tests.simulators.tls import self_signed, signed_by_own_authority

# Redaction


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nothing here", "nothing here"),
        ("invalid username or password", "invalid username or password"),
        ("the bearer token is missing", "the bearer token is missing"),
        ("x eyJhbGciOi.eyJ1c3Ii.sig-_1 y", "x ** y"),
        ("eyJhbGciOi", "**"),
        ("GET /x?authorization=abc&b=1", "GET /x?authorization=**&b=1"),
        ("token=abc", "token=**"),
        ("access_token=abc;x", "access_token=**;x"),
        ("refresh_token : abc def", "refresh_token : ** def"),
        ('{"password": "a b, c}", "x": "y"}', '{"password": **, "x": "y"}'),
        ('{"password": "a\\"b", "x": 1}', '{"password": **, "x": 1}'),
        ('{"password": "never ends', '{"password": **'),
        ("{'client_secret': 'a b'}", "{'client_secret': **}"),
        ('{"password": 12345}', '{"password": **}'),
        ("api_key=abc apikey=def passwd=ghi", "api_key=** apikey=** passwd=**"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer **"),
        ("sent Bearer abc/defghijklmno+1== to", "sent Bearer ** to"),
        ("Basic dXNlcjpwYXNzd29yZA==", "Basic **"),
        ('"token_type":"bearer"', '"token_type":"bearer"'),
        ("PASSWORD=abc", "PASSWORD=**"),
    ],
)
def test_redacted(text: str, expected: str) -> None:
    """Tokens, and the values of fields that hold secrets."""
    assert redacted(text).replace(REDACTED, "**") == expected


@settings(deadline=None)
@given(st.text(), st.sampled_from(["token", "password", "client_secret"]))
def test_any_text(text: str, field: str) -> None:
    """Wherever it stands, a secret does not get through."""
    for quoted in (f'"{field}":"canary1 canary2"', f"?{field}=canary1&x=y"):
        shown = redacted(f"{text} {quoted} {token(a=1)} {text}")
        assert "canary" not in shown
        assert "eyJ" not in shown.replace(text, "")


def test_long_texts_cost_little() -> None:
    """No text is so ill-natured that looking for secrets takes long."""
    begin = time.perf_counter()
    for ill in ("a-" * 50_000, "a" * 100_000, "token" * 20_000, '"token":"' * 10_000):
        redacted(ill)
    assert time.perf_counter() - begin < 2


@pytest.mark.parametrize(
    ("secrets", "expected"),
    [
        (["abcdefghijkl"], f"x {REDACTED} y abc"),
        (["abc", "", None], "x abcdefghijkl y abc"),
        ([], "x abcdefghijkl y abc"),
    ],
)
def test_hidden(secrets: list[str | None], expected: str) -> None:
    """What we know to be secret is hidden, unless it is so short that it may be a word."""
    assert hidden("x abcdefghijkl y abc", secrets) == expected


# TLS


async def _ok(_: web.Request) -> web.Response:
    return web.json_response("ok")


async def test_own_authority(net: Net) -> None:
    """Whoever runs a server may vouch for it."""
    tls = signed_by_own_authority()
    url = await net.serve(_ok, tls.context)
    context = ssl_context(verify=True, ca_certificate=tls.certificate_authority)
    assert await net.client_of(url, ssl=context).request("GET", "x") == "ok"


async def test_self_signed(net: Net) -> None:
    """A server's own certificate can be trusted by itself."""
    tls = self_signed()
    url = await net.serve(_ok, tls.context)
    context = ssl_context(verify=True, ca_certificate=tls.certificate_authority)
    assert await net.client_of(url, ssl=context).request("GET", "x") == "ok"


async def test_home_made_authority(net: Net, tmp_path: Path) -> None:
    """Certificates made by the usual recipes lack what strict checks want; people trust them."""
    authority, server = _home_made(tmp_path)
    url = await net.serve(_ok, server)
    context = ssl_context(verify=True, ca_certificate=authority)
    assert await net.client_of(url, ssl=context).request("GET", "x") == "ok"


def _home_made(folder: Path) -> tuple[str, ssl.SSLContext]:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        for name in ("My CA", "My server")
    ]
    now = datetime.now(UTC)
    pems = []
    for number in range(2):
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[number])
            .issuer_name(names[0])
            .public_key(keys[number].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )
        extension: x509.ExtensionType = (
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
            if number
            else x509.BasicConstraints(ca=True, path_length=None)
        )
        certificate = builder.add_extension(extension, critical=not number).sign(
            keys[0], hashes.SHA256()
        )
        pems.append(certificate.public_bytes(serialization.Encoding.PEM))
    path = folder / "server.pem"
    path.write_bytes(
        pems[1]
        + keys[1].private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(path)
    return pems[0].decode(), server


async def test_no_verification(net: Net) -> None:
    """Who insists may trust anybody."""
    url = await net.serve(_ok, self_signed().context)
    context = ssl_context(verify=False, ca_certificate=None)
    assert await net.client_of(url, ssl=context).request("GET", "x") == "ok"


async def test_own_authority_does_not_excuse_names() -> None:
    """An own authority is checked as any other: name, dates, signatures."""
    context = ssl_context(
        verify=True, ca_certificate=self_signed().certificate_authority
    )
    assert isinstance(context, ssl.SSLContext)
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    # And the public authorities are still trusted.
    assert context.cert_store_stats()["x509_ca"] >= 1


def test_default_trust() -> None:
    """Without a choice, it is what Home Assistant trusts."""
    for nothing in (None, ""):
        assert ssl_context(verify=True, ca_certificate=nothing) is True


def test_authority_with_a_comment() -> None:
    """What stands around a certificate in a file, in any language, is no part of it."""
    pem = self_signed().certificate_authority
    context = ssl_context(
        verify=True, ca_certificate=f"# Zertifikat für Küche\r\n{pem}"
    )
    assert isinstance(context, ssl.SSLContext)


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "x",
        "für",
        "\ud800",
        "\0",
        "-----BEGIN CERTIFICATE-----\nü\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ],
)
def test_certificate_that_is_none(text: str) -> None:
    """What was pasted may be anything."""
    with pytest.raises(TlsError) as caught:
        ssl_context(verify=True, ca_certificate=text)
    assert caught.value.reason == "bad_certificate"


# Limits and the clock


async def test_limits_after_errors() -> None:
    """A slot and a lane are given back however the work in them ends."""
    limits = Limits(1)
    for lane in (None, "a", "a", "b"):
        with pytest.raises(KeyError):
            async with limits.slot(lane):
                raise KeyError
    async with asyncio.timeout(1), limits.slot("a"):
        pass


async def test_limits_forget_lanes() -> None:
    """A lane that nobody uses is forgotten."""
    limits = Limits(5)
    async with limits.slot("a"):
        waiting = asyncio.create_task(_pass(limits, "a"))
        await asyncio.sleep(0)
    await waiting
    assert not limits._lanes


async def _pass(limits: Limits, lane: str) -> None:
    async with limits.slot(lane):
        await asyncio.sleep(0)


async def test_clock() -> None:
    """The real time, where no other is given."""
    clock = Clock()
    assert abs(clock.wall() - time.time()) < 5
    assert abs(clock.monotonic() - time.monotonic()) < 5
    await clock.sleep(0)
