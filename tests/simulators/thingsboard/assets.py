"""Assets and relations (thingsboard.md 13.2)."""

from collections.abc import Iterable
from typing import Final, override

from aiohttp import web

from .backend import Backend, identity_of
from .device_search import entity_id_of, parsed_parameters, walked
from .devices import customer_of_path
from .errors import bad_request
from .identity import Identity
from .ids import EntityId, EntityType
from .paging import Listing, entity_listing, page_answer
from .records import Asset, AssetProfile, Relation
from .routing import TENANT, Handler, Part, Route, object_body, required

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.wire import json_answer

_ASSETS: Final[Listing[Asset]] = entity_listing(
    lambda asset: (asset.name, asset.label, asset.type),
    type=lambda asset: asset.type,
    label=lambda asset: asset.label or "",
)
_PROFILES: Final[Listing[AssetProfile]] = entity_listing(lambda each: (each.name,))


class AssetRoutes(Part):
    """Lists of assets, and single ones."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    @override
    def routes(self) -> Iterable[Route]:
        of_tenant: tuple[tuple[str, Handler], ...] = (
            ("/api/tenant/assets", self._of_tenant),
            ("/api/tenant/assetInfos", self._infos_of_tenant),
        )
        for path, handler in of_tenant:
            yield Route(method="GET", path=path, handler=handler, roles=TENANT)
        both: tuple[tuple[str, Handler], ...] = (
            ("/api/customer/{customer}/assets", self._of_customer),
            ("/api/customer/{customer}/assetInfos", self._infos_of_customer),
            ("/api/assetProfileInfos", self._profiles),
            ("/api/asset/info/{asset}", self._info),
            ("/api/asset/{asset}", self._read),
        )
        for path, handler in both:
            yield Route(method="GET", path=path, handler=handler)

    async def _of_tenant(self, request: web.Request) -> web.Response:
        return self._page(request, self._visible(request), info=False)

    async def _infos_of_tenant(self, request: web.Request) -> web.Response:
        return self._page(request, self._visible(request), info=True)

    async def _of_customer(self, request: web.Request) -> web.Response:
        return self._page(request, self._assets_of_customer(request), info=False)

    async def _infos_of_customer(self, request: web.Request) -> web.Response:
        return self._page(request, self._assets_of_customer(request), info=True)

    async def _read(self, request: web.Request) -> web.Response:
        return json_answer(self._record(self._asset(request), info=False))

    async def _info(self, request: web.Request) -> web.Response:
        return json_answer(self._record(self._asset(request), info=True))

    async def _profiles(self, request: web.Request) -> web.Response:
        identity = identity_of(request)
        profiles = [
            each for each in self._backend.store.asset_profiles if identity.sees(each)
        ]
        return page_answer(request, profiles, _PROFILES, lambda each: each.info())

    def _visible(self, request: web.Request) -> list[Asset]:
        identity = identity_of(request)
        return [each for each in self._backend.store.assets if identity.sees(each)]

    def _assets_of_customer(self, request: web.Request) -> list[Asset]:
        identity = identity_of(request)
        customer = customer_of_path(self._backend, identity, request)
        return [
            each for each in self._backend.store.assets if each.customer is customer
        ]

    def _page(
        self, request: web.Request, assets: list[Asset], *, info: bool
    ) -> web.Response:
        wanted = request.query.get("type", "")
        found = [each for each in assets if not wanted or each.type == wanted]
        return page_answer(
            request, found, _ASSETS, lambda asset: self._record(asset, info=info)
        )

    def _record(self, asset: Asset, *, info: bool) -> JsonObject:
        profile = self._backend.store.asset_profile(asset.type, asset.tenant)
        record = asset.json(profile)
        if info:
            customer = asset.customer
            record["customerTitle"] = customer.name if customer else None
            record["customerIsPublic"] = bool(customer and customer.is_public)
            record["assetProfileName"] = asset.type
        return record

    def _asset(self, request: web.Request) -> Asset:
        id_ = request.match_info["asset"]
        found = self._backend.entity(identity_of(request), EntityType.ASSET, id_)
        assert isinstance(found, Asset)
        return found


class RelationRoutes(Part):
    """Relations between entities."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    @override
    def routes(self) -> Iterable[Route]:
        paths: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/api/relations/info", self._infos),
            ("GET", "/api/relations/from/{entity_type}/{id}", self._from),
            ("GET", "/api/relations/to/{entity_type}/{id}", self._to),
            ("GET", "/api/relations", self._list),
            ("POST", "/api/relations/info", self._search_infos),
            ("POST", "/api/relations", self._search),
        )
        for method, path, handler in paths:
            yield Route(method=method, path=path, handler=handler)

    async def _list(self, request: web.Request) -> web.Response:
        return json_answer([each.json() for each in self._by_query(request)])

    async def _infos(self, request: web.Request) -> web.Response:
        outward = "fromId" in request.query
        found = self._by_query(request)
        return json_answer([self._info(each, outward=outward) for each in found])

    async def _from(self, request: web.Request) -> web.Response:
        return self._by_path(request, outward=True)

    async def _to(self, request: web.Request) -> web.Response:
        return self._by_path(request, outward=False)

    async def _search(self, request: web.Request) -> web.Response:
        found, _ = await self._by_body(request)
        return json_answer([each.json() for each in found])

    async def _search_infos(self, request: web.Request) -> web.Response:
        found, outward = await self._by_body(request)
        return json_answer([self._info(each, outward=outward) for each in found])

    def _by_query(self, request: web.Request) -> list[Relation]:
        query = request.query
        if "toId" in query:
            end, outward = (required(request, "toType"), query["toId"]), False
        else:
            from_id = required(request, "fromId")
            end, outward = (required(request, "fromType"), from_id), True
        return self._found(request, entity_id_of(*end), outward=outward)

    def _by_path(self, request: web.Request, *, outward: bool) -> web.Response:
        end = entity_id_of(request.match_info["entity_type"], request.match_info["id"])
        found = self._found(request, end, outward=outward)
        return json_answer([each.json() for each in found])

    def _found(
        self, request: web.Request, end: EntityId, *, outward: bool
    ) -> list[Relation]:
        self._check(identity_of(request), end)
        type_ = request.query.get("relationType")
        group = request.query.get("relationTypeGroup", "COMMON")
        return [
            each
            for each in self._backend.store.relations
            if (each.from_id if outward else each.to_id) == end
            and type_ in {None, "", each.type}
            and each.type_group == group
            and self._is_visible(identity_of(request), each)
        ]

    async def _by_body(self, request: web.Request) -> tuple[list[Relation], bool]:
        body = await object_body(request)
        search = parsed_parameters(body)
        self._check(identity_of(request), search.root)
        filters = body.get("filters")
        found = [
            each
            for each in walked(self._backend.store, search)
            if self._is_visible(identity_of(request), each)
            and _fits(each, filters, outward=search.outward)
        ]
        return found, search.outward

    def _check(self, identity: Identity, end: EntityId) -> None:
        self._backend.entity(identity, end.type, end.id)

    def _is_visible(self, identity: Identity, relation: Relation) -> bool:
        ends = (
            self._backend.store.find(relation.from_id),
            self._backend.store.find(relation.to_id),
        )
        return all(end is not None and identity.sees(end) for end in ends)

    def _info(self, relation: Relation, *, outward: bool) -> JsonObject:
        """Relation with the name of the other end."""
        end = self._backend.store.find(relation.to_id if outward else relation.from_id)
        key = "toName" if outward else "fromName"
        return relation.json() | {key: end.name if end else None}


def _fits(relation: Relation, filters: Json, *, outward: bool) -> bool:
    """Whether one of the filters takes a relation; no filters take all."""
    if not filters:
        return True
    if not isinstance(filters, list):
        raise bad_request("Filters should be a list!")
    end = relation.to_id if outward else relation.from_id
    for each in filters:
        if not isinstance(each, dict):
            continue
        types = each.get("entityTypes")
        if each.get("relationType") in {None, "", relation.type} and (
            not isinstance(types, list) or not types or end.type.value in types
        ):
            return True
    return False
