"""Sign-in, tokens, keys (thingsboard.md 4)."""

from collections.abc import AsyncIterator

import jwt
import pytest

from .thingsboard_client import CUSTOMER, Client, serving

from tests.simulators.thingsboard import TwoFactor, demo_state

LOGIN = "/api/auth/login"
BAD = (401, 10, "Invalid username or password")
FAILED = (401, 10, "Authentication failed")
EXPIRED = (401, 11, "Token has expired")
NOT_ACTIVE = (401, 10, "User account is not active")
FORBIDDEN = (403, 20, "You don't have permission to perform this operation!")


@pytest.fixture
async def tb(socket_enabled: None) -> AsyncIterator[Client]:
    """Serve the demo data."""
    async with serving(demo_state()) as client:
        yield client


def claims_of(token: str) -> dict[str, object]:
    """Claims, unchecked."""
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def test_login_gives_the_pair_of_the_reference(tb: Client) -> None:
    """Claims are those of 4.3, signed with HS512."""
    pair = (await tb.sign_in(CUSTOMER, "customer")).json
    assert set(pair) == {"token", "refreshToken"}
    access, refresh = claims_of(pair["token"]), claims_of(pair["refreshToken"])
    assert jwt.get_unverified_header(pair["token"])["alg"] == "HS512"
    user = tb.sim.user(CUSTOMER)
    assert user.customer is not None
    assert access == {
        "sub": CUSTOMER,
        "userId": user.id,
        "scopes": ["CUSTOMER_USER"],
        "sessionId": refresh["sessionId"],
        "exp": int(str(access["iat"])) + 9000,
        "iss": "thingsboard.io",
        "iat": access["iat"],
        "enabled": True,
        "isPublic": False,
        "tenantId": user.tenant.id,
        "customerId": user.customer.id,
    }
    assert set(refresh) == {
        "sub",
        "userId",
        "scopes",
        "sessionId",
        "exp",
        "iss",
        "iat",
        "isPublic",
        "jti",
    }
    assert int(str(refresh["exp"])) - int(str(refresh["iat"])) == 604_800
    assert refresh["scopes"] == ["REFRESH_TOKEN"]
    assert tb.sim.logins == 1


async def test_who_am_i(tb: Client) -> None:
    """The user object of 5.1; a system administrator has neither tenant nor customer."""
    user = (await tb.whoami(user=CUSTOMER)).json
    assert (user["email"], user["name"], user["authority"]) == (
        CUSTOMER,
        CUSTOMER,
        "CUSTOMER_USER",
    )
    admin = (await tb.whoami(user="sysadmin@thingsboard.org")).json
    assert admin["authority"] == "SYS_ADMIN"
    assert admin["tenantId"]["id"] == "13814000-1dd2-11b2-8080-808080808080"


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("tenant@thingsboard.org", "wrong"),
        ("nobody@thingsboard.org", "tenant"),
        ("Tenant@thingsboard.org", "tenant"),
    ],
)
async def test_bad_credentials(tb: Client, username: str, password: str) -> None:
    """Wrong password, unknown user; names are case-sensitive."""
    assert (await tb.sign_in(username, password)).error == BAD
    assert tb.sim.logins == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (LOGIN, b"{not json"),
        (LOGIN, b"[]"),
        (LOGIN, b'{"username":"","password":"x"}'),
        (LOGIN, b'{"username":"x","password":" "}'),
        (LOGIN, b"{}"),
        ("/api/auth/token", b'{"refreshToken":""}'),
        ("/api/auth/login/public", b"{}"),
    ],
)
async def test_bodies_that_are_no_sign_in(tb: Client, path: str, body: bytes) -> None:
    """Not JSON, or something is empty."""
    assert (await tb.call("POST", path, token="", data=body)).error == FAILED


@pytest.mark.parametrize("path", [LOGIN, "/api/auth/token", "/api/auth/login/public"])
async def test_get_on_a_login_path(tb: Client, path: str) -> None:
    """Has a message of its own."""
    answer = await tb.get(path, token="")
    assert answer.error == (401, 10, "Authentication method not supported")


async def test_headers(tb: Client) -> None:
    """`X-Authorization` wins; the other one counts only if it is absent (4.7)."""
    token = tb.token()

    async def tried(**headers: str) -> tuple[int, int, str] | int:
        answer = await tb.whoami(
            token="", headers={key.replace("_", "-"): headers[key] for key in headers}
        )
        return answer.error if answer.status != 200 else 200

    assert await tried() == FAILED
    assert await tried(X_Authorization=" ") == FAILED
    assert await tried(X_Authorization=f"Bearer {token}") == 200
    assert await tried(Authorization=f"Bearer {token}") == 200
    both = {"X_Authorization": f"Bearer {token}", "Authorization": "Basic eDp5"}
    assert await tried(**both) == 200
    wrong_first = {
        "X_Authorization": "Bearer x",
        "Authorization": f"Bearer {token}",
    }
    assert await tried(**wrong_first) == BAD
    assert await tried(X_Authorization=f"bearer {token}") == FORBIDDEN
    assert await tried(Authorization="Basic eDp5") == FORBIDDEN
    assert (await tb.whoami(token="", params={"token": token})).error == FAILED
    tb.sim.switches.version = "3.3.1"
    assert await tried(Authorization=f"Bearer {token}") == FAILED


async def test_tokens_that_are_not_good(tb: Client) -> None:
    """Malformed, badly signed, of the wrong kind."""
    pair = tb.sim.login()
    assert (await tb.whoami(token="nonsense")).error == BAD
    head, body, _ = pair.token.split(".")
    assert (await tb.whoami(token=f"{head}.{body}.AAAA")).error == EXPIRED
    assert (await tb.whoami(token=pair.refresh_token)).error[:2] == (500, 2)
    answer = await tb.refresh(pair.token)
    assert answer.error == (500, 2, "Invalid Refresh Token scope")
    assert (await tb.refresh("nonsense")).error == BAD


async def test_expiry_and_refresh(tb: Client) -> None:
    """A new pair each time; the old refresh token stays good until its end."""
    first = (await tb.sign_in()).json
    tb.sim.clock.advance(9001)
    assert (await tb.whoami(token=first["token"])).error == EXPIRED
    second = (await tb.refresh(first["refreshToken"])).json
    third = (await tb.refresh(first["refreshToken"])).json
    assert second["refreshToken"] != third["refreshToken"]
    sessions = {claims_of(pair["token"])["sessionId"] for pair in (second, third)}
    assert len(sessions) == 2
    assert (await tb.whoami(token=second["token"])).status == 200
    assert tb.sim.refreshes == 2
    tb.sim.clock.advance(604_800)
    assert (await tb.refresh(third["refreshToken"])).error == EXPIRED
    tb.sim.switches.access_seconds = 3
    token = (await tb.sign_in()).json["token"]
    tb.sim.clock.advance(4)
    assert (await tb.whoami(token=token)).error == EXPIRED


async def test_logout_ends_one_session(tb: Client) -> None:
    """Its refresh token too; others live on."""
    mine, other = tb.sim.login(), tb.sim.login()
    answer = await tb.post("/api/auth/logout", token=mine.token)
    assert (answer.status, answer.body) == (200, b"")
    assert (await tb.whoami(token=mine.token)).error == EXPIRED
    assert (await tb.refresh(mine.refresh_token)).error == (
        401,
        10,
        "Token is outdated",
    )
    assert (await tb.whoami(token=other.token)).status == 200


async def test_password_change(tb: Client) -> None:
    """By request or by hand: what was made before dies, the answer's pair lives."""
    old = tb.sim.login()
    body = {"currentPassword": "tenant", "newPassword": "tenant-2"}
    wrong = await tb.post("/api/auth/changePassword", {**body, "currentPassword": "x"})
    assert wrong.error == (400, 31, "Current password doesn't match!")
    pair = (await tb.post("/api/auth/changePassword", body, token=old.token)).json
    assert (await tb.whoami(token=old.token)).error == EXPIRED
    assert (await tb.refresh(old.refresh_token)).error == (401, 10, "Token is outdated")
    assert (await tb.whoami(token=pair["token"])).status == 200
    assert (await tb.sign_in()).error == BAD
    tb.sim.change_password("tenant-3")
    assert (await tb.whoami(token=pair["token"])).error == EXPIRED
    assert (await tb.sign_in(password="tenant-3")).status == 200


async def test_old_servers_know_no_sessions(tb: Client) -> None:
    """Before 3.4.2 tokens outlive logout and password change."""
    tb.sim.switches.version = "3.4.1"
    pair = tb.sim.login()
    assert "sessionId" not in claims_of(pair.token)
    await tb.post("/api/auth/logout", token=pair.token)
    tb.sim.change_password("another")
    assert (await tb.whoami(token=pair.token)).status == 200


async def test_seconds_of_the_real_server(tb: Client) -> None:
    """With the switch, tokens of the same second survive a password change."""
    tb.sim.switches.second_granularity = True
    tb.sim.clock.set(1_790_000_000.1)
    old = tb.sim.login()
    tb.sim.clock.set(1_790_000_005.1)
    young = tb.sim.login()
    tb.sim.change_password("another")
    assert (await tb.whoami(token=old.token)).error == EXPIRED
    assert (await tb.whoami(token=young.token)).status == 200


async def test_disabled_user(tb: Client) -> None:
    """Tokens die, the right password is not enough."""
    pair = tb.sim.login()
    tb.sim.disable()
    assert (await tb.whoami(token=pair.token)).error == EXPIRED
    assert (await tb.refresh(pair.refresh_token)).error == NOT_ACTIVE
    assert (await tb.sign_in()).error == NOT_ACTIVE
    assert (await tb.sign_in(password="wrong")).error == BAD
    tb.sim.enable()
    assert (await tb.sign_in()).status == 200


async def test_lockout(tb: Client) -> None:
    """One wrong password too many disables the user."""
    tb.sim.switches.max_failed_logins = 2
    for _ in range(2):
        assert (await tb.sign_in(password="wrong")).error == BAD
    assert (await tb.sign_in(password="wrong")).error == (
        401,
        10,
        "User account is locked due to security policy",
    )
    assert (await tb.sign_in()).error == NOT_ACTIVE


async def test_passwords_that_are_not_enough(tb: Client) -> None:
    """Too old, or against the policy."""
    tb.sim.user().password_expired = True
    answer = await tb.sign_in()
    assert answer.error == (401, 15, "User password expired!")
    assert set(answer.json) == {
        "status",
        "message",
        "errorCode",
        "timestamp",
        "resetToken",
    }
    tb.sim.user().password_expired = False
    tb.sim.user().password_violation = "Password must contain at least 1 digit."
    answer = await tb.sign_in()
    assert answer.error == (401, 45, "Password must contain at least 1 digit.")


async def test_two_factors(tb: Client) -> None:
    """The limited token is good for the second factor only (4.5)."""
    tb.sim.user().two_factor = TwoFactor(providers=["TOTP", "EMAIL"], contact="t***@x")
    answer = (await tb.sign_in()).json
    assert set(answer) == {"token", "scope"}
    assert answer["scope"] == "PRE_VERIFICATION_TOKEN"
    token = answer["token"]
    assert claims_of(token)["scopes"] == ["PRE_VERIFICATION_TOKEN"]
    assert (await tb.whoami(token=token)).error == FORBIDDEN
    providers = (await tb.get("/api/auth/2fa/providers", token=token)).json
    assert providers[0] == {
        "type": "TOTP",
        "default": True,
        "contact": None,
        "minVerificationCodeSendPeriod": None,
    }
    assert (providers[1]["contact"], providers[1]["default"]) == ("t***@x", False)
    check = "/api/auth/2fa/verification/check?providerType=TOTP&verificationCode="
    assert (await tb.post(f"{check}000000", token=token)).error == (
        400,
        31,
        "Verification code is incorrect",
    )
    pair = (await tb.post(f"{check}123456", token=token)).json
    assert set(pair) == {"token", "refreshToken"}
    assert (await tb.whoami(token=pair["token"])).status == 200
    # Not for a full token.
    assert (await tb.get("/api/auth/2fa/providers")).error == FORBIDDEN


async def test_second_factor_by_mail_and_lockout(tb: Client) -> None:
    """Codes are not sent too often; too many wrong ones lock the user."""
    tb.sim.user().two_factor = TwoFactor(providers=["EMAIL"])
    token = (await tb.sign_in()).json["token"]
    send = "/api/auth/2fa/verification/send?providerType=EMAIL"
    assert (await tb.post(send, token=token)).status == 200
    assert (await tb.post(send, token=token)).error[:2] == (429, 33)
    tb.sim.clock.advance(31)
    assert (await tb.post(send, token=token)).status == 200
    check = "/api/auth/2fa/verification/check?providerType=EMAIL&verificationCode=1"
    for _ in range(2):
        assert (await tb.post(check, token=token)).status == 400
    assert (await tb.post(check, token=token)).error == (
        401,
        10,
        "User account was locked due to exceeded 2FA verification attempts",
    )
    assert (await tb.sign_in()).error == NOT_ACTIVE


async def test_enforced_second_factor(tb: Client) -> None:
    """From 4.3 on there is a scope for those who have to set one up."""
    tb.sim.user().two_factor_enforced = True
    answer = (await tb.sign_in()).json
    assert answer["scope"] == "MFA_CONFIGURATION_TOKEN"
    assert (await tb.whoami(token=answer["token"])).error == FORBIDDEN
    tb.sim.switches.version = "4.2.1"
    assert "refreshToken" in (await tb.sign_in()).json


async def test_public_login(tb: Client) -> None:
    """Rights of the public customer; others are nobody."""
    customer = tb.sim.store.add_customer("Public", public=True)
    device = tb.sim.device("DHT11 Demo Device")
    device.customer = customer
    answer = await tb.post(
        "/api/auth/login/public", {"publicId": customer.id}, token=""
    )
    token = answer.json["token"]
    claims = claims_of(token)
    assert (claims["sub"], claims["isPublic"]) == (customer.id, True)
    assert (await tb.get(f"/api/device/{device.id}", token=token)).status == 200
    refused = await tb.post(f"{tb.of(device.name)}/SHARED_SCOPE", {"a": 1}, token=token)
    assert refused.status == 403
    pair = (await tb.refresh(answer.json["refreshToken"])).json
    assert (await tb.whoami(token=pair["token"])).status == 200
    private = tb.sim.customer("Customer A").id
    answer = await tb.post("/api/auth/login/public", {"publicId": private}, token="")
    assert answer.error == BAD


async def test_token_of_a_customer_user(tb: Client) -> None:
    """An administrator may have it, unless the server forbids it."""
    user = tb.sim.user(CUSTOMER)
    path = f"/api/user/{user.id}/token"
    pair = (await tb.get(path)).json
    assert (await tb.whoami(token=pair["token"])).json["email"] == CUSTOMER
    assert (await tb.get(path, user="customerB@thingsboard.org")).error == FORBIDDEN
    tb.sim.switches.user_token_access = False
    assert (await tb.get(path)).error == FORBIDDEN


async def test_api_keys(tb: Client) -> None:
    """Made once with its value; good in both headers; every failure of 4.2."""
    user = tb.sim.user(CUSTOMER)
    body = {
        "userId": user.entity_id.json(),
        "description": "Home Assistant",
        "expirationTime": 0,
        "enabled": True,
    }
    made = (await tb.post("/api/apiKey", body, user=CUSTOMER)).json
    assert made["value"].startswith("tb_")
    listed = (await tb.get(f"/api/apiKeys/{user.id}?pageSize=10&page=0")).json
    assert [each["id"] for each in listed["data"]] == [made["id"]]
    assert "value" not in listed["data"][0]

    async def tried(
        value: str = made["value"], header: str = "X-Authorization"
    ) -> tuple[int, int, str] | int:
        answer = await tb.whoami(token="", headers={header: f"ApiKey {value}"})
        return answer.error if answer.status != 200 else 200

    assert await tried() == 200
    assert await tried(header="Authorization") == 200
    assert await tried("tb_unknown") == BAD
    path = f"/api/apiKey/{made['id']['id']}"
    assert (await tb.call("PUT", f"{path}/enabled/false")).json["enabled"] is False
    assert await tried() == NOT_ACTIVE
    await tb.call("PUT", f"{path}/enabled/true")
    user.enabled = False
    assert await tried() == NOT_ACTIVE
    user.enabled = True
    tb.sim.store.api_keys[0].expiration_time = tb.sim.clock.now_ms() + 1000
    assert await tried() == 200
    tb.sim.clock.advance(2)
    assert await tried() == (401, 10, "API key is expired")
    assert (await tb.delete(path)).status == 200
    assert await tried() == BAD


async def test_keys_survive_what_kills_tokens(tb: Client) -> None:
    """Password changes do not matter; before 4.3 there are no keys."""
    key = tb.sim.account().api_key
    tb.sim.change_password("another")
    header = {"X-Authorization": f"ApiKey {key}"}
    assert (await tb.whoami(token="", headers=header)).status == 200
    tb.sim.switches.version = "4.2.1"
    assert (await tb.whoami(token="", headers=header)).error == BAD
    answer = await tb.post("/api/apiKey", {}, token=tb.sim.login().token)
    assert answer.error[:2] == (404, 32)


async def test_times_of_errors(tb: Client) -> None:
    """A number since 3.6.4, a date before."""
    assert isinstance((await tb.whoami(token="")).json["timestamp"], int)
    tb.sim.switches.version = "3.6.3"
    assert isinstance((await tb.whoami(token="")).json["timestamp"], str)


async def test_log_knows_the_credentials(tb: Client) -> None:
    """Form and token of each request are in the log."""
    await tb.whoami()
    await tb.whoami(token="")
    entries = tb.sim.requests("GET", "/auth/user")
    assert [(each.auth, each.token) for each in entries] == [
        ("header", tb.token()),
        (None, None),
    ]
