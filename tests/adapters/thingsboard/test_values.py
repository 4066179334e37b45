"""What the server's texts stand for, and the rows that they stand in (7.2)."""

from typing import Any

from hypothesis import example, given, settings, strategies as st
import pytest

from custom_components.iot_platforms.adapters.thingsboard.keys import Key, Source
from custom_components.iot_platforms.adapters.thingsboard.rows import (
    Reading,
    Row,
    entity_id,
    rows_of,
    seconds,
)
from custom_components.iot_platforms.adapters.thingsboard.values import (
    is_ambiguous,
    typed,
)
from custom_components.iot_platforms.model.value import (
    JsonValue,
    ValueType,
    is_same,
    is_storable,
    value_type_of,
)

from tests.simulators.thingsboard import Sample
from tests.simulators.thingsboard.values import query_text

DEVICE = "3b1d2f60-5a10-11f0-9c55-1f0b7f0a9d01"
TEMPERATURE = Key(Source.TELEMETRY, "temperature")
ACTIVE = Key(Source.SERVER, "active")
ACTIVE_TELEMETRY = Key(Source.TELEMETRY, "active")

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "entityId",
                    "id",
                    "entityType",
                    "latest",
                    "TIME_SERIES",
                    "SERVER_ATTRIBUTE",
                    "ENTITY_FIELD",
                    "active",
                    "name",
                    "ts",
                    "value",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


# Texts.


@pytest.mark.parametrize(
    ("text", "value_type", "value"),
    [
        ("21.5", None, 21.5),
        ("22", None, 22),
        ("-3", None, -3),
        ("0", None, 0),
        ("0.5", None, 0.5),
        ("1E10", None, 1e10),
        ("1e-3", None, 0.001),
        ("007", None, "007"),
        ("+5", None, "+5"),
        (".5", None, ".5"),
        ("1,5", None, "1,5"),
        ("1_000", None, "1_000"),
        ("12 ", None, "12 "),
        ("٣", None, "٣"),
        ("NaN", None, "NaN"),
        ("Infinity", None, "Infinity"),
        ("null", None, "null"),
        ("", None, ""),
        ("true", None, True),
        ("false", None, False),
        ("True", None, "True"),
        ('{"a":1}', None, {"a": 1}),
        ("[1,2.5]", None, [1, 2.5]),
        ("{broken", None, "{broken"),
        ("[draft] text", None, "[draft] text"),
        ('"quoted"', None, '"quoted"'),
        ("12", ValueType.TEXT, "12"),
        ("007", ValueType.TEXT, "007"),
        ("true", ValueType.TEXT, "true"),
        ("{}", ValueType.TEXT, "{}"),
        ("12", ValueType.NUMBER, 12),
        ("12.5", ValueType.NUMBER, 12.5),
        (" 12", ValueType.NUMBER, 12),
        ("007", ValueType.NUMBER, 7),
        ("12 V", ValueType.NUMBER, "12 V"),
        ("true", ValueType.NUMBER, "true"),
        ("", ValueType.NUMBER, ""),
        ("nan", ValueType.NUMBER, "nan"),
        ("true", ValueType.BOOLEAN, True),
        ("false", ValueType.BOOLEAN, False),
        ("1", ValueType.BOOLEAN, "1"),
        ("on", ValueType.BOOLEAN, "on"),
        ('{"a":[1]}', ValueType.OBJECT, {"a": [1]}),
        ("[]", ValueType.LIST, []),
        ("7", ValueType.OBJECT, "7"),
        ("plain", ValueType.LIST, "plain"),
        ('{"lat":1,"lon":2}', ValueType.POSITION, {"lat": 1, "lon": 2}),
        # Old servers give typed values, broken ones anything at all.
        (21.5, None, 21.5),
        (True, ValueType.NUMBER, True),
        (None, ValueType.NUMBER, None),
        ({"a": 1}, ValueType.TEXT, {"a": 1}),
    ],
)
def test_typed(text: JsonValue, value_type: ValueType | None, value: JsonValue) -> None:
    """A text becomes what its key's type says, else what it looks like."""
    assert is_same(typed(text, value_type), value)


def test_whole_numbers_stay_whole() -> None:
    """A counter beyond the digits of a float keeps its last one."""
    assert typed("9007199254740993", ValueType.NUMBER) == 9007199254740993
    assert typed("9007199254740993", None) == 9007199254740993
    assert isinstance(typed("22", ValueType.NUMBER), int)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", True),
        ("1E10", True),
        ("true", True),
        ("[]", True),
        ("007", False),
        ("abc", False),
        ("", False),
        (12, False),
        (None, False),
    ],
)
def test_ambiguous(text: JsonValue, expected: bool) -> None:
    """Only what looks like something else than text leaves a doubt."""
    assert is_ambiguous(text) is expected


@settings(deadline=None)
@given(
    st.text() | st.integers().map(str) | st.floats().map(str),
    st.sampled_from([None, *ValueType]),
)
@example("9" * 400, ValueType.NUMBER)
@example("9" * 400, None)
@example("1e999", None)
@example("[" * 100_000, None)
@example("{" * 100_000, ValueType.OBJECT)
@example('"\ud800"', None)
@example("-0", None)
def test_no_text_breaks_the_types(text: str, value_type: ValueType | None) -> None:
    """Whatever a device says has a value, and one that can be kept if the text can be."""
    value = typed(text, value_type)
    if is_storable(text) and not isinstance(value, dict | list):
        assert is_storable(value)


@settings(deadline=None)
@given(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.lists(st.integers(0, 9) | st.text(max_size=3), max_size=3)
)
def test_there_and_back(value: Any) -> None:
    """With its type known, a value comes through a query as it is."""
    text = query_text(Sample(1, value))["value"]
    found = typed(text, value_type_of(value))
    if isinstance(value, float):
        assert found == pytest.approx(value)
    elif isinstance(value, str) and text != value:
        # The server itself prints it anew ("22.50"): nobody gets the text back.
        assert isinstance(found, str)
    else:
        assert is_same(found, value)


# Rows.


def a_row(latest: JsonValue) -> dict[str, JsonValue]:
    """Return a row of a query's answer."""
    return {"entityId": {"entityType": "DEVICE", "id": DEVICE}, "latest": latest}


def test_row() -> None:
    """Fields are texts, values have times, and what is missing is not an empty text."""
    (row,) = rows_of(
        [
            a_row(
                {
                    "ENTITY_FIELD": {"name": {"ts": 7000, "value": "TH-0042"}},
                    "TIME_SERIES": {
                        "temperature": {"ts": 1500, "value": "21.5"},
                        "humidity": {"ts": 0, "value": ""},
                        "note": {"ts": 2000, "value": ""},
                    },
                    "SERVER_ATTRIBUTE": {"active": {"ts": 1000, "value": "true"}},
                    "ALARM_FIELD": {"type": {"ts": 1, "value": "High"}},
                }
            )
        ]
    )
    assert row == Row(
        id=DEVICE,
        fields={"name": "TH-0042"},
        values={
            TEMPERATURE: Reading(1.5, "21.5"),
            Key(Source.TELEMETRY, "note"): Reading(2.0, ""),
            ACTIVE: Reading(1.0, "true"),
        },
        gone=frozenset({Key(Source.TELEMETRY, "humidity")}),
    )
    assert row.activity == (True, 1.0)


def test_value_from_1970() -> None:
    """A device without a clock sends its values at time zero: they are there."""
    (row,) = rows_of([a_row({"TIME_SERIES": {"temperature": {"ts": 0, "value": "5"}}})])
    assert row.values == {TEMPERATURE: Reading(0.0, "5")}
    assert row.gone == frozenset()


@pytest.mark.parametrize(
    "missing", [{"ts": None, "value": ""}, {"ts": "0", "value": ""}]
)
def test_missing_value_of_a_broken_answer(missing: dict[str, JsonValue]) -> None:
    """An empty text without a time is no value either."""
    (row,) = rows_of([a_row({"TIME_SERIES": {"temperature": missing}})])
    assert row.gone == {TEMPERATURE}


@pytest.mark.parametrize(
    ("values", "activity"),
    [
        ({}, None),
        ({ACTIVE: Reading(5, "true")}, (True, 5)),
        ({ACTIVE: Reading(5, "false")}, (False, 5)),
        ({ACTIVE: Reading(5, True)}, (True, 5)),
        ({ACTIVE: Reading(5, "nonsense")}, (False, 5)),
        ({ACTIVE: Reading(None, "true")}, (True, None)),
        ({ACTIVE_TELEMETRY: Reading(5, "true")}, (True, 5)),
        # Where an operator changed the place, the newer one counts.
        (
            {ACTIVE: Reading(5, "false"), ACTIVE_TELEMETRY: Reading(9, "true")},
            (True, 9),
        ),
        (
            {ACTIVE: Reading(9, "false"), ACTIVE_TELEMETRY: Reading(5, "true")},
            (False, 9),
        ),
        (
            {ACTIVE: Reading(None, "false"), ACTIVE_TELEMETRY: Reading(5, "true")},
            (True, 5),
        ),
    ],
)
def test_activity(
    values: dict[Key, Reading], activity: tuple[bool, float | None] | None
) -> None:
    """Whether a device is active stands in one of two places (9)."""
    assert Row(id=DEVICE, fields={}, values=values).activity == activity


@pytest.mark.parametrize(
    ("reference", "kind", "found"),
    [
        ({"entityType": "DEVICE", "id": DEVICE}, None, DEVICE),
        ({"entityType": "DEVICE", "id": DEVICE}, "DEVICE", DEVICE),
        ({"entityType": "ASSET", "id": DEVICE}, "DEVICE", None),
        ({"id": DEVICE.upper()}, None, DEVICE.upper()),
        ({"id": "../user"}, None, None),
        ({"id": f"{DEVICE}\n"}, None, None),
        ({"id": f"{DEVICE}/x"}, None, None),
        ({"id": 7}, None, None),
        ({"id": None}, None, None),
        ({}, None, None),
        (None, None, None),
        (DEVICE, None, None),
    ],
)
def test_entity_id(reference: JsonValue, kind: str | None, found: str | None) -> None:
    """Ids become parts of paths: only a UUID is one."""
    assert entity_id(reference, kind) == found


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [
        (1500, 1.5),
        (0, 0.0),
        (-1000, -1.0),
        (2.5, 0.0025),
        (10**400, None),
        (True, None),
        ("1500", None),
        (None, None),
    ],
)
def test_seconds(milliseconds: JsonValue, expected: float | None) -> None:
    """Times are numbers of milliseconds, and nothing else."""
    assert seconds(milliseconds) == expected


@settings(deadline=None, max_examples=300)
@given(ANYTHING)
@example([a_row({"TIME_SERIES": {"a": {"ts": 1}}})])
@example([a_row({"TIME_SERIES": ["a"]}), a_row(None), a_row([])])
def test_no_answer_breaks_the_rows(answer: Any) -> None:
    """What is no row is left out, whatever it is."""
    for item in (answer, [answer], [a_row(answer)], [a_row({"TIME_SERIES": answer})]):
        for row in rows_of(item):
            assert row.id
            assert row.activity is None or isinstance(row.activity[0], bool)
            assert all(isinstance(text, str) for text in row.fields.values())


# Keys.


@pytest.mark.parametrize(
    ("resource_id", "key"),
    [
        ("telemetry/temperature", TEMPERATURE),
        ("telemetry/rain/hour", Key(Source.TELEMETRY, "rain/hour")),
        ("shared/ ", Key(Source.SHARED, " ")),
        ("position/telemetry", None),
        ("firmware", None),
        ("control/x", None),
        ("telemetry/", None),
        ("telemetry", None),
        ("", None),
    ],
)
def test_key_of_a_resource(resource_id: str, key: Key | None) -> None:
    """Ids of resources lead back to the server's keys."""
    assert Key.of(resource_id) == key
    if key is not None:
        assert key.resource_id == resource_id
