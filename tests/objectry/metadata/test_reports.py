"""Reports and dashboards: written out and read again they are the same, also in a release."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.metadata.model.definitions import Definitions
from objectry.metadata.model.pages import (
    ChartDef,
    DashboardDef,
    GroupDef,
    ParameterDef,
    ReportDef,
    TileDef,
)
from objectry.registry import make_release
from objectry.registry.diff import diff_definitions
from objectry.registry.release import Release

SHOP = """\
service: shop
---
role: clerk
---
object: customer
service: shop
fields: {name: {type: text}, home: {type: country}}
---
object: order
service: shop
fields:
  customer: {type: link, to: customer}
  day: {type: date}
  total: {type: decimal, scale: 2}
---
"""

_PATHS = st.sampled_from(["id", "day", "total", "customer", "customer.name", "created_at"])
_TEXTS = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), max_size=12)
_PARAMETERS = st.builds(
    ParameterDef,
    name=st.sampled_from(["since", "least"]),
    type=st.sampled_from(["date", "text"]),
    label=_TEXTS,
    required=st.booleans(),
) | st.builds(
    ParameterDef,
    name=st.just("which"),
    type=st.just("select"),
    options=st.just(("a", "b")),
    default=st.just("'a'"),
)
_GROUPS = st.builds(GroupDef, field=_PATHS) | st.builds(
    GroupDef, field=st.just("day"), by=st.sampled_from(["day", "week", "month", "quarter", "year"])
)
_REPORTS = st.builds(
    ReportDef,
    name=st.just("orders"),
    object=st.just("order"),
    label=_TEXTS,
    help=_TEXTS,
    parameters=st.lists(_PARAMETERS, max_size=3).map(lambda all_: {one.name: one for one in all_}),
    where=st.none() | st.sampled_from(["total > 5", "customer.home == 'DE'", "day == today()"]),
    columns=st.lists(_PATHS, min_size=1, max_size=3).map(tuple),
    groups=st.lists(_GROUPS, min_size=1, max_size=2).map(tuple),
    totals=st.just({"total": "sum", "id": "count"}),
    sort=st.lists(_PATHS.map(lambda path: f"-{path}"), max_size=2).map(tuple),
    chart=st.none() | st.builds(ChartDef, kind=st.sampled_from(["bar", "pie"])),
    roles=st.sampled_from([(), ("clerk",), ("clerk", "admin")]),
)


def written(report: ReportDef) -> str:
    """The report as somebody would write it; JSON is YAML."""
    plain: dict[str, Any] = msgspec.to_builtins(report)
    name = plain.pop("name")
    for parameter in plain.get("parameters", {}).values():
        del parameter["name"]
    return msgspec.json.encode({"report": name, **plain}).decode()


def read(text: str) -> Definitions:
    loaded = load_documents({"a.yaml": SHOP + text})
    assert [*loaded.findings, *check(loaded.definitions, loaded.sources)] == []
    return loaded.definitions


@given(report=_REPORTS)
def test_a_report_written_out_reads_as_it_was(report: ReportDef) -> None:
    """Nothing is lost or made up on the way, nor in the snapshot of a release."""
    definitions = read(written(report))
    assert definitions.reports == {"orders": report}
    release = make_release(definitions)
    assert Release.from_bytes(release.to_bytes()) == release


_ORDERS = """\
report: orders
object: order
parameters: {since: {type: date}}
columns: [day]
groups: [customer]
totals: {total: sum, id: count}
chart: {kind: pie}
---
"""
_TILES = st.builds(
    TileDef,
    kind=st.sampled_from(["number", "chart", "list"]),
    report=st.just("orders"),
    label=_TEXTS,
    width=st.integers(1, 12),
    parameters=st.sampled_from([{}, {"since": "today() - days(3)"}]),
) | st.just(TileDef(kind="number", report="orders", total="id"))
_DASHBOARDS = st.builds(
    DashboardDef,
    name=st.just("sales"),
    label=_TEXTS,
    help=_TEXTS,
    tiles=st.lists(_TILES, min_size=1, max_size=4).map(tuple),
    roles=st.sampled_from([(), ("clerk",)]),
)


@given(dashboard=_DASHBOARDS)
def test_a_dashboard_written_out_reads_as_it_was(dashboard: DashboardDef) -> None:
    """Nothing is lost or made up on the way, nor in the snapshot of a release."""
    plain: dict[str, Any] = msgspec.to_builtins(dashboard)
    text = msgspec.json.encode({"dashboard": plain.pop("name"), **plain}).decode()
    definitions = read(_ORDERS + text)
    assert definitions.dashboards == {"sales": dashboard}
    release = make_release(definitions)
    assert Release.from_bytes(release.to_bytes()) == release


def test_a_changed_report_is_a_change_of_the_release() -> None:
    """A plan tells it in a line of its own."""
    before = read("report: orders\nobject: order\ncolumns: [day]\n")
    after = read("report: orders\nobject: order\ncolumns: [day, total]\n")
    assert make_release(before).id != make_release(after).id
    assert [str(one) for one in diff_definitions(before, after)] == [
        'report orders: columns changes from ["day"] to ["day","total"]'
    ]


def test_texts_may_stand_for_lists_of_one() -> None:
    """As everywhere in the language."""
    text = "report: orders\nobject: order\ncolumns: day\nsort: -day\nroles: clerk\ngroups: [day]\n"
    report = read(text).reports["orders"]
    assert (report.columns, report.sort, report.roles) == (("day",), ("-day",), ("clerk",))
    assert report.groups == (GroupDef(field="day"),)


def test_a_reports_condition_sees_parameters_fields_and_the_caller() -> None:
    """A default sees the caller alone."""
    read(
        "report: orders\nobject: order\ncolumns: day\n"
        "parameters: {who: {type: link, to: customer}, mine: {type: boolean, default: true}}\n"
        "where: customer == who and (not mine or owner == user.id) and customer.name != ''\n"
    )
    loaded = load_documents(
        {
            "a.yaml": f"{SHOP}report: orders\nobject: order\ncolumns: day\n"
            "parameters: {who: {type: date, default: day}}\n"
        }
    )
    found = check(loaded.definitions, loaded.sources)
    assert [finding.code for finding in found] == ["OBJ0404"]
