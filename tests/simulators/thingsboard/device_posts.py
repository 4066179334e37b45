"""What devices post: values, with or without their time (thingsboard.md 8.2, 17)."""

from .values import Sample, stored_values

from tests.simulators.json_types import Json


class BadPostError(Exception):
    """The body holds no samples."""


def parsed_samples(body: Json, now: int) -> list[tuple[str, Sample]]:
    """Samples of `{…}`, `{"ts", "values"}` or a list of those; BadPostError otherwise."""
    if isinstance(body, list):
        return [sample for item in body for sample in parsed_samples(item, now)]
    if not isinstance(body, dict):
        raise BadPostError("Request is not a JSON object")
    ts, values = now, body
    if "ts" in body and isinstance(body.get("values"), dict):
        ts, values = _time(body["ts"]), _values(body["values"])
    return [(key, Sample(ts, value)) for key, value in stored_values(values).items()]


def _time(ts: Json) -> int:
    if isinstance(ts, bool) or not isinstance(ts, (int, float)):
        raise BadPostError("Invalid ts")
    return int(ts)


def _values(values: Json) -> dict[str, Json]:
    assert isinstance(values, dict)
    return values
