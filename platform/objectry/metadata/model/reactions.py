"""What happens by itself: notifications and automations, as the YAML says them."""

from typing import Literal

from objectry.metadata.model.declared import Def

Channel = Literal["email", "sms", "webhook", "in_app"]


class TriggerDef(Def, frozen=True, kw_only=True):
    """When it happens: an event, a change of one of some fields, or a schedule; one of the three.

    `schedule` is a cron expression of five fields, in the tenant's time zone.
    """

    event: str = ""
    changed: tuple[str, ...] = ()
    schedule: str = ""


class RecipientDef(Def, frozen=True, kw_only=True):
    """Whom a message is for: an expression over the record, or everybody who has a role."""

    address: str | None = None
    role: str = ""


class NotificationDef(Def, frozen=True, kw_only=True):
    """A message about a record. `when` is an expression, `subject` and `body` are templates."""

    name: str
    object: str
    label: str = ""
    help: str = ""
    on: TriggerDef = TriggerDef()
    channel: Channel | Literal[""] = ""  # empty: misshapen
    when: str | None = None
    to: tuple[RecipientDef, ...] = ()
    subject: str = ""
    body: str = ""


class ActionDef(Def, frozen=True, kw_only=True):
    """One thing an automation does. `target` is the value of the action's own key.

    `transition` names one of the record's object, `create` an object, `notify` a notification.
    """

    kind: Literal["set", "transition", "create", "notify", ""] = ""  # empty: misshapen
    target: str = ""
    set: dict[str, str] = {}  # of `set`, which has no target: field → expression
    values: dict[str, str] = {}  # of `create`


class AutomationDef(Def, frozen=True, kw_only=True):
    """When something happens and `when` holds, the actions are done, one after the other."""

    name: str
    object: str
    label: str = ""
    help: str = ""
    on: TriggerDef = TriggerDef()
    when: str | None = None
    do: tuple[ActionDef, ...] = ()
