"""The token machine (thinger.md 3, 14.2)."""

import jwt
import pytest

from .client import Client

from tests.simulators.thinger import ThingerSimulator

DEVICES = "/v1/users/demo/devices"
TEMPERATURE = "/v3/users/demo/devices/boiler_ctl/resources/temperature"


def claims_of(token: str) -> dict[str, object]:
    """Claims, unchecked."""
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def test_login_gives_the_pair_of_the_reference(client: Client) -> None:
    """Keys and claims are those of 3.2 and 3.4."""
    pair = await client.log_in()
    assert set(pair) == {
        "access_token",
        "expires_in",
        "refresh_token",
        "scope",
        "token_type",
    }
    assert (pair["expires_in"], pair["scope"]) == (7200, None)
    access, refresh = claims_of(pair["access_token"]), claims_of(pair["refresh_token"])
    assert set(access) == {"exp", "iat", "role", "usr"}
    assert set(refresh) == {"exp", "iat", "jti"}
    assert int(str(access["exp"])) - int(str(access["iat"])) == 7200
    assert int(str(refresh["exp"])) - int(str(refresh["iat"])) == 5_270_400
    answer = await client.get(f"{DEVICES}?count=1", token=pair["access_token"])
    assert answer.status == 200


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        (
            {"grant_type": "password", "username": "demo", "password": "no"},
            401,
            "invalid username or password",
        ),
        (
            {"grant_type": "password", "username": "x", "password": "x"},
            401,
            "invalid username or password",
        ),
        (
            {"grant_type": "password", "username": "demo"},
            400,
            "missing field: password",
        ),
        ({"grant_type": "strange"}, 400, "invalid grant_type"),
        (
            {"grant_type": "refresh_token", "refresh_token": "x"},
            401,
            "invalid refresh token",
        ),
    ],
)
async def test_bad_sign_ins(
    client: Client, fields: dict[str, str], status: int, message: str
) -> None:
    """Each is refused as the reference says."""
    answer = await client.sign_in(**fields)
    assert (answer.status, answer.message) == (status, message)


async def test_refresh_rotates(client: Client, sim: ThingerSimulator) -> None:
    """A used refresh token is dead, its successor keeps the name of the grant."""
    old = await client.log_in()
    new = (await client.refresh(old["refresh_token"])).json
    assert (
        claims_of(new["refresh_token"])["jti"] == claims_of(old["refresh_token"])["jti"]
    )
    assert new["refresh_token"] != old["refresh_token"]
    assert new["access_token"] != old["access_token"]
    again = await client.refresh(old["refresh_token"])
    assert (again.status, again.message) == (401, "invalid refresh token")
    assert (await client.refresh(new["refresh_token"])).status == 200
    assert (sim.logins, sim.refreshes) == (1, 2)


async def test_old_servers_do_not_rotate(client: Client, sim: ThingerSimulator) -> None:
    """The switch lets an old refresh token live on."""
    sim.switches.rotation = False
    pair = await client.log_in()
    for _ in range(2):
        assert (await client.refresh(pair["refresh_token"])).status == 200


async def test_tokens_in_the_wrong_place(client: Client) -> None:
    """An access token does not refresh, a refresh token does not open anything."""
    pair = await client.log_in()
    assert (await client.refresh(pair["access_token"])).status == 401
    assert (await client.get(DEVICES, token=pair["refresh_token"])).status == 401


async def test_everything_expires_by_the_clock(
    client: Client, sim: ThingerSimulator
) -> None:
    """Access tokens after two hours, refresh tokens after 61 days, the user's own never."""
    pair = await client.log_in()
    sim.clock.advance(7201)
    answer = await client.get(DEVICES, token=pair["access_token"])
    assert (answer.status, answer.message) == (401, "unauthorized")
    sim.clock.advance(5_270_400)
    assert (await client.refresh(pair["refresh_token"])).status == 401
    assert (await client.get(DEVICES)).status == 200


async def test_revoked_grant(client: Client, sim: ThingerSimulator) -> None:
    """The user can kill a login's refresh token."""
    pair = await client.log_in()
    sim.revoke_grants()
    assert (await client.refresh(pair["refresh_token"])).status == 401
    assert (await client.get(DEVICES, token=pair["access_token"])).status == 200


async def test_mfa_and_limiter(client: Client, sim: ThingerSimulator) -> None:
    """Both refuse even the right password."""
    fields = {"grant_type": "password", "username": "demo"}
    sim.user().mfa = True
    assert (await client.sign_in(**fields, password="demo-password")).status == 401
    sim.user().mfa = False
    sim.switches.login_limit = 2
    sim.switches.login_limit_headers = {"Retry-After": "60"}
    for _ in range(2):
        assert (await client.sign_in(**fields, password="wrong")).status == 401
    limited = await client.sign_in(**fields, password="demo-password")
    assert limited.status == 429
    assert limited.response.headers["Retry-After"] == "60"
    sim.clock.advance(61)
    assert (await client.sign_in(**fields, password="demo-password")).status == 200


async def test_where_the_token_may_stand(client: Client, sim: ThingerSimulator) -> None:
    """Header or query; the query's key is case-sensitive, and the header wins."""
    token = sim.account().access_token
    assert (
        await client.get(f"{DEVICES}?authorization={token}", token="")
    ).status == 200
    assert (
        await client.get(f"{DEVICES}?Authorization={token}", token="")
    ).status == 401
    assert (
        await client.get(f"{DEVICES}?authorization={token}", token="x")
    ).status == 401
    assert (await client.get(DEVICES, token="")).status == 401
    forms = [entry.auth for entry in sim.requests("GET")]
    assert forms == ["query", None, "both", None]


async def test_user_defined_tokens(client: Client, sim: ThingerSimulator) -> None:
    """Claims, disabling, permissions, deletion."""
    token = sim.mint_access_token(
        "narrow",
        allow={"Device": {"*": ["ListDevices", "ReadDeviceStatistics"]}},
        deny={"Device": {"meter": "*"}},
    )
    assert set(claims_of(token.jwt)) == {"jti", "svr", "usr"}
    stats = "/v1/users/demo/devices/{}/stats"
    assert (await client.get(DEVICES, token=token.jwt)).status == 200
    assert (await client.get(TEMPERATURE, token=token.jwt)).status == 403
    answer = await client.get(stats.format("boiler_ctl"), token=token.jwt)
    assert answer.status == 200
    assert (await client.get(stats.format("meter"), token=token.jwt)).status == 403
    token.enabled = False
    assert (await client.get(DEVICES, token=token.jwt)).status == 401
    token.enabled = True
    sim.remove_access_token("narrow")
    assert (await client.get(DEVICES, token=token.jwt)).status == 401


async def test_device_tokens(client: Client, sim: ThingerSimulator) -> None:
    """They open the resources of one device, perhaps only some, and no list of devices."""
    whole = sim.mint_device_token("boiler_ctl").jwt
    part = sim.mint_device_token("boiler_ctl", resources=["relay"]).jwt
    assert set(claims_of(part)) == {"dev", "iat", "jti", "res", "svr", "usr"}
    assert (await client.get(TEMPERATURE, token=whole)).status == 200
    assert (await client.get(TEMPERATURE, token=part)).status == 403
    assert (await client.get(DEVICES, token=whole)).status == 403
    meter = "/v3/users/demo/devices/meter/resources/power"
    assert (await client.get(meter, token=whole)).status == 403
    sim.switches.device_token_status = 401
    assert (await client.get(TEMPERATURE, token=part)).status == 401


async def test_foreign_users(client: Client) -> None:
    """Another user's things are forbidden; an empty account is an empty list."""
    assert (await client.get("/v1/users/guest/devices")).status == 403
    pair = await client.sign_in(
        grant_type="password", username="guest", password="guest-password"
    )
    answer = await client.get(
        "/v1/users/guest/devices", token=pair.json["access_token"]
    )
    assert answer.json == []


async def test_device_flow(client: Client, sim: ThingerSimulator) -> None:
    """Errors are texts here; the refresh needs the client's id."""
    path = "/oauth/device/authorize"
    refused = await client.call("POST", path, token="", data={"client_id": "unknown"})
    assert refused.status == 401
    begun = await client.call("POST", path, token="", data={"client_id": "simulator"})
    poll = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "client_id": "simulator",
        "device_code": begun.json["device_code"],
    }
    errors = [(await client.sign_in(**poll)).json["error"] for _ in range(2)]
    assert errors == ["authorization_pending", "slow_down"]
    sim.approve_device_flow(begun.json["user_code"])
    pair = (await client.sign_in(**poll)).json
    assert (await client.refresh(pair["refresh_token"])).status == 401
    renewed = await client.sign_in(
        grant_type="refresh_token",
        refresh_token=pair["refresh_token"],
        client_id="simulator",
    )
    assert renewed.status == 200


async def test_tokens_over_rest(client: Client) -> None:
    """A token can be made with a login, and lists hide what it is."""
    path = "/v1/users/demo/tokens"
    made = await client.post(path, {"token": "mine", "allow": {"*": {"*": "*"}}})
    jwt_ = made.json["access_token"]
    assert (await client.get(DEVICES, token=jwt_)).status == 200
    assert "access_token" not in (await client.get(path)).json[-1]
    assert (await client.call("DELETE", f"{path}/mine")).status == 200
    assert (await client.get(DEVICES, token=jwt_)).status == 401
    device_path = "/v1/users/demo/devices/boiler_ctl/tokens"
    body = {"token_name": "Door", "token_expiration": 1_900_000_000_000}
    token = (await client.post(device_path, body)).json
    assert claims_of(token["token"])["exp"] == 1_900_000_000
    assert (await client.post(device_path, {})).status == 400
    assert (await client.call("DELETE", f"{device_path}/{token['id']}")).status == 200
