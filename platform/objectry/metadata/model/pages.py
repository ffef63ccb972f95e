"""Pages as the YAML says them: layouts, reports, dashboards."""

from typing import Literal

from objectry.metadata.model.declared import Def

CalendarPart = Literal["day", "week", "month", "quarter", "year"]
TotalOp = Literal["sum", "avg", "min", "max", "count"]
LayoutKind = Literal["list", "form", "kanban", "calendar", "print", "public_form"]


class SectionDef(Def, frozen=True, kw_only=True):
    """A part of a form: fields in `columns` side by side, or the grid of a table field."""

    label: str = ""
    columns: int = 1
    fields: tuple[str, ...] = ()
    table: str = ""
    table_columns: tuple[str, ...] = ()  # YAML: columns, beside table


class LayoutDef(Def, frozen=True, kw_only=True):
    """A page of an object."""

    name: str
    object: str
    kind: LayoutKind
    label: str = ""
    sections: tuple[SectionDef, ...] = ()
    columns: tuple[str, ...] = ()
    sort: str = ""
    field: str = ""  # of a kanban: its options or states are the columns
    start: str = ""  # of a calendar
    end: str = ""
    template: str = ""  # of a print: the file that `body` was read from
    body: str = ""
    paper: Literal["A4", "letter"] = "A4"
    fields: tuple[str, ...] = ()  # of a public form: what is asked
    values: dict[str, str] = {}  # field → expression: what is set beside it
    message: str = ""  # what its sender reads then


class ParameterDef(Def, frozen=True, kw_only=True):
    """What the reader of a report may choose. `default` is an expression over `user` alone."""

    name: str
    type: str
    label: str = ""
    help: str = ""
    required: bool = False
    default: str | None = None
    options: tuple[str, ...] = ()
    to: str = ""


class GroupDef(Def, frozen=True, kw_only=True):
    """What records are grouped by: a field or path; of a date the part `by` of the calendar."""

    field: str
    by: CalendarPart | None = None


class ChartDef(Def, frozen=True, kw_only=True):
    """A picture of one total by one group; without names it is of the first."""

    kind: Literal["bar", "line", "area", "pie"]
    group: str = ""
    total: str = ""


class ReportDef(Def, frozen=True, kw_only=True):
    """A declared query. `where` is an expression over the record, the parameters and `user`."""

    name: str
    object: str
    label: str = ""
    help: str = ""
    parameters: dict[str, ParameterDef] = {}
    where: str | None = None
    columns: tuple[str, ...] = ()
    groups: tuple[GroupDef, ...] = ()
    totals: dict[str, TotalOp] = {}
    sort: tuple[str, ...] = ()
    chart: ChartDef | None = None
    roles: tuple[str, ...] = ()


class TileDef(Def, frozen=True, kw_only=True):
    """A report in short. `parameters` are expressions over `user` alone."""

    kind: Literal["number", "chart", "list", ""]  # empty: misshapen
    report: str
    label: str = ""
    total: str = ""
    width: int = 4
    parameters: dict[str, str] = {}


class DashboardDef(Def, frozen=True, kw_only=True):
    """A page of tiles."""

    name: str
    label: str = ""
    help: str = ""
    tiles: tuple[TileDef, ...] = ()
    roles: tuple[str, ...] = ()
