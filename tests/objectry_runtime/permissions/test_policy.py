"""A policy: united grants, deny, transitions, lines; pure."""

import pytest

from objectry.metadata.loader import load_documents
from objectry.metadata.model import Model
from objectry.registry import StorageMap, make_release
from objectry_runtime.host.live import Live
from objectry_runtime.permissions import Policy, Rule, any_of, policy
from objectry_runtime.permissions.gate import GatedScope
from tests.world import SHOP


def live() -> Live:
    release = make_release(load_documents({"objects/world.yaml": SHOP}).definitions)
    model: Model = release.model()
    return Live(release=release, model=model, storage=StorageMap(), settings={}, compiled={})


def rights(object_name: str, *roles: str) -> Policy:
    return policy(live(), object_name, frozenset(roles))


def shape(rule: Rule) -> bool | str:
    return rule if isinstance(rule, bool) else "depends"


@pytest.mark.parametrize(
    ("roles", "read", "update", "delete"),
    [
        ((), False, False, False),
        (("stranger",), False, False, False),
        (("clerk",), "depends", "depends", False),
        (("manager",), True, True, False),
        (("clerk", "manager"), True, True, False),
        (("admin",), True, True, True),
    ],
)
def test_grants_unite(roles: tuple[str, ...], read: object, update: object, delete: object) -> None:
    order = rights("order", *roles)

    assert (read, update, delete) == tuple(
        shape(order.rule(action)) for action in ("read", "update", "delete")
    )


@pytest.mark.parametrize(
    ("roles", "field", "read", "write"),
    [
        (("clerk",), "remark", True, True),
        (("clerk",), "margin", False, False),
        (("manager",), "remark", True, False),
        (("manager",), "margin", True, True),
        (("clerk", "manager"), "remark", True, "depends"),
        (("clerk", "cashier"), "margin", "depends", False),
        (("clerk", "cashier"), "remark", "depends", True),
        (("admin",), "margin", True, True),
    ],
)
def test_a_field_has_the_best_right_of_the_roles_that_admit(
    roles: tuple[str, ...], field: str, read: object, write: object
) -> None:
    order = rights("order", *roles)

    assert (read, write) == (shape(order.field(field, "read")), shape(order.field(field, "write")))


@pytest.mark.parametrize(
    ("roles", "send", "finish"),
    [
        (("clerk",), True, False),  # granted, but the transition asks for the role manager
        (("manager",), True, True),
        (("cashier",), False, False),
        (("admin",), True, True),
    ],
)
def test_roles_of_a_transition_only_narrow(
    roles: tuple[str, ...], send: bool, finish: bool
) -> None:
    order = rights("order", *roles)

    assert (send, finish) == (order.may_transition("send"), order.may_transition("finish"))


def test_lines_follow_the_record_that_owns_them() -> None:
    lines = rights("order_line", "clerk")

    assert (True, "depends", True) == (
        lines.own_rule("read"),
        shape(lines.rule("read")),
        lines.field("amount", "read"),
    )


def test_who_may_not_read_the_owner_may_not_read_its_lines() -> None:
    assert rights("order_line", "stranger").rule("read") is False


def test_a_policy_is_compiled_once() -> None:
    world = live()

    assert policy(world, "order", frozenset({"clerk"})) is policy(
        world, "order", frozenset({"clerk"})
    )


def test_the_union_of_nothing_is_never() -> None:
    assert any_of(()) is False


def test_hidden_names_are_unknown_to_a_callers_expressions() -> None:
    world = live()
    scope = GatedScope(world.model.scope("order"), world, "order", frozenset({"clerk"}))
    customer = scope.follow("customer")

    assert customer is not None
    assert (None, None, None) == (
        scope.field("margin"),
        customer.field("credit_limit"),
        customer.field("email"),
    )
    assert {"margin", "credit_limit"}.isdisjoint({*scope.names(), *customer.names()})
