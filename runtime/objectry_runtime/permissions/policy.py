"""What a set of roles may do with one object, compiled from its grants."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from objectry.metadata.model import ObjectModel
from objectry.metadata.model.resolved import ACTIONS, PermissionModel, RowRule
from objectry_runtime.permissions.rule import Rule, all_of, any_of, through_parent

Use = Literal["read", "filter", "sort", "expand", "history", "event", "write"]
WriteAction = Literal["create", "update"]
Action = Literal["read", "create", "update", "delete", "export", "import", "print"]

READABLE = frozenset(("write", "read"))
WRITABLE = frozenset(("write",))
MASKED = frozenset(("mask",))


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """One role's permissions, its row rules as rules."""

    role: str
    rules: Mapping[str, Rule]
    definition: PermissionModel

    def right(self, field: str) -> str:
        """What the role may do with a field: `write` unless the definition says less."""
        return self.definition.fields.get(field, "write")


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The rights of a set of roles on one object: pure, the same for everybody who has the roles.

    `everything` is the admin's. A line object without permissions of its own has `owner`: the
    policy of the record that owns it, and the name of the table field there.
    """

    object: str
    roles: frozenset[str]
    everything: bool
    grants: tuple[Grant, ...]
    denied: frozenset[str]
    workflow_roles: Mapping[str, frozenset[str]]
    owner: "Owner | None" = None

    def rule(self, action: Action) -> Rule:
        """For which records the action is allowed, asked of the record itself.

        For a line it is asked of the line, so the rule of the record that owns it speaks of
        `parent`.
        """
        own = self.own_rule(action)
        if self.owner is None or own is False:
            return own
        outer = self.owner.policy
        above = all_of((outer.rule(action), outer.field(self.owner.table, _use_of(action))))
        return all_of((own, through_parent(above)))

    def own_rule(self, action: Action) -> Rule:
        """The same without the owner's part: for lines reached through their readable owner."""
        if self.everything or self.follows_owner:
            return True
        if action in self.denied:
            return False
        return any_of(grant.rules[action] for grant in self.grants)

    @property
    def follows_owner(self) -> bool:
        """Whether the object has no permissions of its own and takes its owner's."""
        return self.owner is not None and not self.owner.restricted

    def field(self, name: str, use: Use, *, action: WriteAction = "update") -> Rule:
        """For which records a field may be used so; of records that the action's rule admits.

        All uses but `write` ask for the right to read; `write` goes with `action`. The best right
        among the roles whose row rule admits the record counts: where that is every role that
        reads at all, the answer is True and the row rule alone decides.
        """
        if self.everything or self.follows_owner:
            return True
        if use == "write":
            return self._admitted(name, action, WRITABLE)
        return self._admitted(name, "read", READABLE)

    def masked(self, name: str) -> Rule:
        """For which records a field that can't be read is shown as a mask."""
        if self.everything or self.follows_owner:
            return False
        if "read" in self.denied:
            return False
        return any_of(grant.rules["read"] for grant in self.grants if grant.right(name) in MASKED)

    def shows(self, name: str) -> bool:
        """Whether the field exists for these roles at all, be it masked."""
        return self.field(name, "read") is not False or self.masked(name) is not False

    def may_transition(self, name: str) -> bool:
        """Whether the roles may take a transition; its guard and state are asked elsewhere."""
        if self.everything:
            return True
        narrowed = self.workflow_roles.get(name, frozenset())
        if narrowed and not narrowed & self.roles:
            return False
        return name not in self.denied and any(
            _names(grant.definition.transitions, name) for grant in self.grants
        )

    def may_convert(self, name: str) -> bool:
        """Whether the roles may run a conversion."""
        if self.everything:
            return True
        return name not in self.denied and any(
            _names(grant.definition.conversions, name) for grant in self.grants
        )

    def _admitted(self, name: str, action: Action, wanted: frozenset[str]) -> Rule:
        if action in self.denied:
            return False
        acting = [grant for grant in self.grants if grant.rules[action] is not False]
        able = [grant for grant in acting if grant.right(name) in wanted]
        if able and len(able) == len(acting):
            return True
        return any_of(grant.rules[action] for grant in able)


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """The policy above a line: of which object, through which table field.

    `restricted`: the line object has permissions of its own; they hold beside the owner's.
    """

    policy: Policy
    table: str
    restricted: bool


def compile_policy(model: ObjectModel, roles: frozenset[str], owner: Policy | None) -> Policy:
    """The policy of `roles` on an object; `owner` is the policy of the object that owns a line."""
    named = [model.permissions[role] for role in sorted(roles) if role in model.permissions]
    above = None
    if owner is not None:
        assert model.owner is not None, "only a line object has an owner"
        above = Owner(policy=owner, table=model.owner[1], restricted=bool(model.permissions))
    return Policy(
        object=model.name,
        roles=roles,
        everything="admin" in roles,
        grants=tuple(
            Grant(
                role=one.role,
                rules={action: _rule(one.rules.get(action, False)) for action in ACTIONS},
                definition=one,
            )
            for one in named
        ),
        denied=frozenset(name for one in named for name in one.deny),
        workflow_roles=_workflow_roles(model),
        owner=above,
    )


def _workflow_roles(model: ObjectModel) -> dict[str, frozenset[str]]:
    if model.workflow is None:
        return {}
    return {
        name: frozenset(transition.definition.roles)
        for name, transition in model.workflow.transitions.items()
    }


def _rule(rule: RowRule) -> Rule:
    return rule if isinstance(rule, bool) else rule.tree


def _names(allowed: tuple[str, ...], name: str) -> bool:
    return "*" in allowed or name in allowed


def _use_of(action: Action) -> Use:
    return "write" if action in ("create", "update", "delete", "import") else "read"
