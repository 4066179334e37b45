"""What differs between servers, or is not known of the real one (thingsboard.md 18, 19, 23)."""

from dataclasses import dataclass
from typing import Literal

from .versions import Edition


@dataclass(slots=True, kw_only=True)
class Switches:
    """The server's behaviour; every field may be set at any time."""

    # Which server it is (19).
    version: str = "4.3.1.3"
    edition: Edition = Edition.CE

    # Tokens, in seconds (18).
    access_seconds: float = 9000.0
    refresh_seconds: float = 604_800.0
    two_factor_seconds: float = 1800.0
    issuer: str = "thingsboard.io"
    # True: as in reality, tokens made within the second of a password change or logout live on.
    second_granularity: bool = False
    # True: an administrator may fetch the tokens of customer users (4.1).
    user_token_access: bool = True
    # Wrong passwords until the account is locked by one more (4.2).
    max_failed_logins: int | None = None

    # Activity (9).
    inactivity_timeout: float = 600.0
    inactivity_check: float = 60.0
    persist_state_to_telemetry: bool = False

    # Entity data queries (7.2): leaves keys out that an entity does not have.
    edqs: bool = False

    # `count:seconds,…`; empty = off (18).
    tenant_rest_limits: str = ""
    customer_rest_limits: str = ""

    # Rights (5.2): a PE role without rights for writing, or for profiles.
    customer_writes: bool = True
    customer_reads_profiles: bool = True
    customer_reads_packages: bool = True

    # Content type of plain-text errors (8.3).
    text_error_type: Literal["text/plain", "application/json"] = "text/plain"
    # Path outside `/api`: the UI's page (3.1).
    html_status: int = 200

    # Queries (7.1): without a sort order the rows come in another order each time.
    shuffle: bool = True

    # Live (11); times are real seconds. 0 = no limit.
    ws_auth_seconds: float = 10.0
    # None: no pings at all; without `auto_tick` there are none either.
    ws_ping_seconds: float | None = 10.0
    ws_missed_pongs: int = 3
    ws_message_bytes: int = 32_768
    ws_max_pending: int = 1000
    ws_sessions_per_tenant: int = 0
    ws_sessions_per_customer: int = 0
    ws_sessions_per_regular_user: int = 0
    ws_sessions_per_public_user: int = 0
    # Only commands of the old form count.
    ws_subscriptions_per_tenant: int = 0
    ws_subscriptions_per_customer: int = 0
    ws_subscriptions_per_regular_user: int = 0
    ws_subscriptions_per_public_user: int = 0
    # `count:seconds,…` of each session; above it code 34, and updates are lost.
    ws_update_limits: str = ""
    # Simulated seconds between two looks at dynamic pages, counts and missed alarms.
    ws_refresh_seconds: float = 60.0
    ws_alarm_fetches: int = 10
    ws_allowed_entities: int = 10_000

    # RPC (10), in seconds; all are multiplied by `rpc_scale`, so that tests wait less.
    rpc_scale: float = 1.0
    rpc_minimum_seconds: float = 5.0
    rpc_default_seconds: float = 10.0
    # After that the web layer gives up, whatever the call says.
    request_seconds: float = 30.0
    # False: the tenant's rules keep calls back (I6354).
    rpc_forwarded: bool = True
