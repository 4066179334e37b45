"""Calls that the server keeps (thingsboard.md 10.3)."""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
import json

from .behaviour import EMPTY, NotJson, Reply
from .calls import PendingCall, RpcDesk

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.thingsboard.backend import Backend
from tests.simulators.thingsboard.device import Device
from tests.simulators.thingsboard.ids import EntityType, id_json, new_uuid


class RpcStatus(StrEnum):
    """How far a call is."""

    QUEUED = "QUEUED"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    SUCCESSFUL = "SUCCESSFUL"
    TIMEOUT = "TIMEOUT"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"
    DELETED = "DELETED"


@dataclass(slots=True, eq=False, kw_only=True)
class PersistentCall:
    """A call that can be asked about."""

    id: str
    created: int
    device: Device
    pending: PendingCall
    expiration: int
    additional_info: Json
    retries: Json
    response: Json = None
    # Every status so far, the present one last.
    statuses: list[RpcStatus] = field(default_factory=lambda: [RpcStatus.QUEUED])

    @property
    def status(self) -> RpcStatus:
        """How far it is."""
        return self.statuses[-1]

    def json(self) -> JsonObject:
        """Call as the server tells it."""
        call = self.pending.call
        tenant = id_json(EntityType.TENANT, self.device.tenant.id)
        request: JsonObject = {
            "id": self.id,
            "tenantId": tenant,
            "deviceId": self.device.entity_id.json(),
            "oneway": call.oneway,
            "expirationTime": self.expiration,
            "body": {
                "method": call.method,
                "params": json.dumps(call.params, separators=(",", ":")),
            },
            "persisted": True,
            "retries": self.retries,
            "additionalInfo": self.additional_info,
        }
        return {
            "id": id_json(EntityType.RPC, self.id),
            "createdTime": self.created,
            "tenantId": tenant,
            "deviceId": self.device.entity_id.json(),
            "expirationTime": self.expiration,
            "request": request,
            "response": self.response,
            "status": self.status.value,
            "additionalInfo": self.additional_info,
        }


class PersistentCalls:
    """All that are kept, oldest first."""

    def __init__(self, backend: Backend, desk: RpcDesk) -> None:
        """Begin with none."""
        self._backend = backend
        self._desk = desk
        self.by_id: dict[str, PersistentCall] = {}

    def add(
        self,
        pending: PendingCall,
        *,
        seconds: float,
        additional_info: Json,
        retries: Json,
    ) -> PersistentCall:
        """Keep a call that was submitted; it runs out after so many seconds."""
        now = self._backend.clock.now_ms()
        kept = PersistentCall(
            id=new_uuid(now),
            created=now,
            device=pending.device,
            pending=pending,
            expiration=now + int(seconds * 1000),
            additional_info=additional_info,
            retries=retries,
        )
        self.by_id[kept.id] = kept
        pending.delivered.add_done_callback(lambda future: self._delivered(kept))
        pending.reply.add_done_callback(lambda future: self._answered(kept))
        real = seconds * self._backend.switches.rpc_scale
        self._desk.later(real, partial(self._run_out, kept))
        return kept

    def of(self, device: Device, status: str | None) -> list[PersistentCall]:
        """Those of a device, perhaps with one status."""
        return [
            each
            for each in self.by_id.values()
            if each.device is device and status in {None, each.status.value}
        ]

    def delete(self, kept: PersistentCall) -> None:
        """Forget a call; a device that connects later does not get it."""
        del self.by_id[kept.id]
        kept.statuses.append(RpcStatus.DELETED)
        self._desk.withdraw(kept.pending)

    def settle(self) -> None:
        """Let run out what the simulated clock says."""
        now = self._backend.clock.now_ms()
        for each in self.by_id.values():
            if each.expiration <= now:
                self._run_out(each)

    def _delivered(self, kept: PersistentCall) -> None:
        if kept.pending.delivered.cancelled():
            return
        kept.statuses += [RpcStatus.SENT, RpcStatus.DELIVERED]
        if kept.pending.call.oneway:
            kept.statuses.append(RpcStatus.SUCCESSFUL)

    def _answered(self, kept: PersistentCall) -> None:
        if kept.pending.reply.cancelled():
            return
        reply: Reply = kept.pending.reply.result()
        if isinstance(reply, NotJson):
            kept.statuses.append(RpcStatus.FAILED)
            kept.response = reply.text
        else:
            kept.statuses.append(RpcStatus.SUCCESSFUL)
            kept.response = {} if reply is EMPTY else _json(reply)
        self._backend.notice.ring()

    def _run_out(self, kept: PersistentCall) -> None:
        if kept.status is RpcStatus.QUEUED:
            kept.statuses.append(RpcStatus.EXPIRED)
        elif kept.status in {RpcStatus.SENT, RpcStatus.DELIVERED}:
            kept.statuses.append(RpcStatus.TIMEOUT)
        else:
            return
        self._desk.withdraw(kept.pending)
        self._backend.notice.ring()


def _json(reply: Reply) -> Json:
    match reply:
        case None | bool() | int() | float() | str() | list() | dict():
            return reply
        case _:
            return None
