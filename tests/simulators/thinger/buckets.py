"""Buckets over REST (thinger.md 10.5)."""

from functools import partial
from typing import Final

from aiohttp import web

from .backend import Backend, empty_answer, json_body, refusal
from .bucket import Bucket
from .bucket_query import query_rows
from .listing import selected_rows

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.wire import json_answer

_LIST: Final = "/v1/users/{user}/buckets"
_DATA: Final = "users/{user}/buckets/{bucket}/data"
_OF_DEVICE: Final = "/v3/users/{user}/devices/{device}/buckets/{bucket}/data"


class BucketRoutes:
    """List, data in three versions, data of one device, and writes."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    def routes(self) -> list[web.RouteDef]:
        """Paths of buckets."""
        return [
            web.get(_LIST, self._list),
            web.get(f"/v1/{_DATA}", partial(self._data, True)),
            web.get(f"/v2/{_DATA}", partial(self._data, False)),
            web.get(f"/v3/{_DATA}", partial(self._data, False)),
            web.get(_OF_DEVICE, partial(self._data, False)),
            web.post(f"/v1/{_DATA}", self._write),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        self._backend.authorize(request, "Bucket", "*", "ListBuckets")
        user = request.match_info["user"]
        buckets = self._backend.state.buckets.values()
        rows = [each.record() for each in buckets if each.user == user]
        page = self._backend.switches.default_page
        return json_answer(
            selected_rows(request, rows, id_key="bucket", default_count=page)
        )

    async def _data(self, wrapped: bool, request: web.Request) -> web.Response:
        bucket = self._bucket(request, "ReadBucket")
        rows = query_rows(request, bucket.rows)
        if not wrapped:
            return json_answer(list[Json](rows))
        key = request.query.get("agg_type", "mean") if "agg" in request.query else "val"
        return json_answer([_wrapped(row, key) for row in rows])

    async def _write(self, request: web.Request) -> web.Response:
        bucket = self._bucket(request, "WriteBucket")
        body = await json_body(request)
        for row in body if isinstance(body, list) else [body]:
            if not isinstance(row, dict):
                raise refusal(400, "a JSON object is expected")
            bucket.write(row)
        return empty_answer()

    def _bucket(self, request: web.Request, action: str) -> Bucket:
        bucket_id = request.match_info["bucket"]
        self._backend.authorize(request, "Bucket", bucket_id, action)
        bucket = self._backend.state.buckets.get(
            (request.match_info["user"], bucket_id)
        )
        if bucket is None:
            raise refusal(404, "bucket not found")
        return bucket


def _wrapped(row: JsonObject, key: str) -> JsonObject:
    """Row as version 1 gives it: the values below `val`, or below the aggregation."""
    values: JsonObject = {name: value for name, value in row.items() if name != "ts"}
    return {"ts": row["ts"], key: values}
