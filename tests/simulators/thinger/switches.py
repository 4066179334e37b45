"""What differs between servers, or is not known of the real one (thinger.md 14, 15)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.simulators.json_types import JsonObject


@dataclass(slots=True, kw_only=True)
class Switches:
    """The server's behaviour; every field may be set at any time."""

    # Versions and transport (2).
    v3: bool = True
    gzip: bool = False

    # Sign-in (3, 15.2 to 15.5).
    rotation: bool = True
    login_limit: int | None = None
    login_limit_seconds: float = 60.0
    login_limit_status: int = 429
    login_limit_headers: Mapping[str, str] = field(default_factory=dict)
    mfa_status: int = 401
    mfa_message: str = "invalid username or password"
    unauthorized_message: str = "unauthorized"
    forbidden_message: str = "forbidden"
    foreign_user_status: int = 403
    device_token_status: int = 403
    token_expiration_in_seconds: bool = False

    # Devices (5, 15.6, 15.10).
    default_page: int = 50
    repeat_rows_across_pages: bool = False
    delete_connected: bool = False
    device_limit: int | None = None
    offline_stats: JsonObject = field(default_factory=lambda: {"connected": False})
    stats_idle_seconds: float | None = None

    # Resources (6 to 8, 15.1, 15.2, 15.7, 15.16 to 15.18). A status of None drops the connection.
    v3_nested: bool = True
    not_found_message: str = "resource not found"
    silent_delay: float = 10.0
    silent_status: int | None = 408
    v3_get_input: Literal["state", "empty", "refuse"] = "state"
    v3_get_runs: bool = True
    firmware_status: bool = True
    unwrapped_v2_writes: bool = True

    # Live data (9, 15.8, 15.9).
    signal_in_frames: bool = True
    start_frames: bool = False
    context_in_frames: bool = False
    wrapped_proto_payloads: bool = False
    drop: Literal["stop", "abort", "silence"] = "stop"
    close_on_expiry: bool = False
    events: bool = True
    events_status: int = 404
    event_versions: frozenset[str] = frozenset({"v1", "v2"})
