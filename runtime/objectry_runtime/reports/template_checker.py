"""Reads templates without filling them in: what is wrong with them, and which names they use."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from jinja2 import Environment, TemplateSyntaxError, nodes

from objectry.findings import near
from objectry.metadata.model.templates import (
    TemplateFacts,
    TemplateName,
    TemplateProblem,
    TemplateUse,
)
from objectry_runtime.reports.environment import NAMES, template_environment

MESSAGE_NAMES = ("record", "old", "company", "user", "today", "now", "lang", "words")

Path = tuple[str, ...]
Names = dict[str, Path | None]
"""What the template itself names: the path that it stands for, None for anything else."""


class JinjaTemplates:
    """The `TemplateChecker` of templates in Jinja2."""

    @cached_property
    def _environment(self) -> Environment:
        return template_environment()

    def known(self, use: TemplateUse) -> frozenset[str]:
        """The names that a template may begin a path with."""
        given = NAMES if use == "print" else MESSAGE_NAMES
        return frozenset((*given, *self._environment.globals))

    def read(self, text: str) -> TemplateFacts:
        """What is wrong with a template, and what it reads."""
        try:
            template = self._environment.parse(text)
        except TemplateSyntaxError as error:
            message = (error.message or "it can't be read").rstrip(".")
            told = f"{message[:1].upper()}{message[1:]}."
            problem = TemplateProblem(line=error.lineno, message=told)
            return TemplateFacts(problems=(problem,))
        reader = _Reader(self._environment)
        reader.visit(template, {})
        return TemplateFacts(problems=tuple(reader.problems), names=tuple(reader.names))


class _Reader:
    """Walks a template once, with the names it has made so far."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.problems: list[TemplateProblem] = []
        self.names: list[TemplateName] = []

    def visit(self, node: nodes.Node, names: Names) -> None:
        """Note what a node uses. `names` are those made around it; a node may add its own."""
        match node:
            case nodes.Getattr() | nodes.Getitem() | nodes.Name(ctx="load"):
                self._path(node, names)
            case nodes.For():
                self.visit(node.iter, names)
                row = _path_of(node.iter, names)
                inner = {**names, **dict.fromkeys(_targets(node.target)), "loop": None}
                if isinstance(node.target, nodes.Name):
                    inner[node.target.name] = row
                self._all((*node.body, *([node.test] if node.test else ())), inner)
                self._all(node.else_, names)
            case nodes.Assign():
                self.visit(node.node, names)
                names.update(dict.fromkeys(_targets(node.target)))
                if isinstance(node.target, nodes.Name):
                    names[node.target.name] = _path_of(node.node, names)
            case nodes.AssignBlock():
                self._all(node.body, {**names})
                names.update(dict.fromkeys(_targets(node.target)))
            case nodes.With():
                self._all(node.values, names)
                made = [name for target in node.targets for name in _targets(target)]
                self._all(node.body, {**names, **dict.fromkeys(made)})
            case nodes.Macro() | nodes.CallBlock():
                if isinstance(node, nodes.Macro):
                    names[node.name] = None
                else:
                    self.visit(node.call, names)
                self._all(node.defaults, names)
                given = [argument.name for argument in node.args]
                inner = {**names, **dict.fromkeys([*given, "caller", "varargs", "kwargs"])}
                self._all(node.body, inner)
            case nodes.Import():
                self._template(node, node.template)
                names[node.target] = None
            case nodes.FromImport():
                self._template(node, node.template)
                taken = [one if isinstance(one, str) else one[1] for one in node.names]
                names.update(dict.fromkeys(taken))
            case nodes.Block():
                self._all(node.body, {**names, "super": None, "self": None})
            case _:
                self._other(node, names)

    def _other(self, node: nodes.Node, names: Names) -> None:
        if isinstance(node, nodes.Extends | nodes.Include):
            self._template(node, node.template)
        if isinstance(node, nodes.Filter):
            self._known(node, "filter", node.name, self._environment.filters)
        if isinstance(node, nodes.Test):
            self._known(node, "test", node.name, self._environment.tests)
        self._all(node.iter_child_nodes(), names)

    def _all(self, found: Iterable[nodes.Node], names: Names) -> None:
        for node in found:
            self.visit(node, names)

    def _path(self, node: nodes.Getattr | nodes.Getitem | nodes.Name, names: Names) -> None:
        path = _path_of(node, names)
        if path is not None:
            self.names.append(TemplateName(line=node.lineno, path=path))
            for index in node.find_all(nodes.Getitem):
                self.visit(index.arg, names)
            if isinstance(node, nodes.Getitem):
                self.visit(node.arg, names)
        elif not isinstance(node, nodes.Name):
            self._all(node.iter_child_nodes(), names)

    def _template(self, node: nodes.Node, named: nodes.Node) -> None:
        if isinstance(named, nodes.Const) and isinstance(named.value, str):
            assert self._environment.loader is not None, "there are shared templates"
            known = self._environment.loader.list_templates()
            self._known(node, "template", named.value, known)

    def _known(self, node: nodes.Node, noun: str, name: str, known: Iterable[str]) -> None:
        if name not in known:
            problem = TemplateProblem(
                line=node.lineno, message=f"There is no {noun} `{name}`.", hint=near(name, known)
            )
            self.problems.append(problem)


def _path_of(node: nodes.Node, names: Names) -> Path | None:
    """The path that an expression is, from a name that the template was given."""
    match node:
        case nodes.Name():
            return names.get(node.name, (node.name,))  # a name it has made may stand for None
        case nodes.Getattr():
            before = _path_of(node.node, names)
            return None if before is None else (*before, node.attr)
        case nodes.Getitem(arg=nodes.Const(value=str() as key)):
            before = _path_of(node.node, names)
            return None if before is None else (*before, key)
        case nodes.Getitem():
            return _path_of(node.node, names)  # one of the rows, or some of them
        case _:
            return None


def _targets(node: nodes.Node) -> Iterator[str]:
    """The names that an assignment makes."""
    if isinstance(node, nodes.Name):
        yield node.name
    for name in node.find_all(nodes.Name):
        yield name.name
