"""Notifications: what they wait for can happen, and somebody can be told."""

from objectry.expressions.types import Kind
from objectry.findings import code
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.references import ROLES, UNKNOWN_OBJECT, UNKNOWN_ROLE
from objectry.metadata.checks.registry import project_check
from objectry.metadata.checks.templates import check_template
from objectry.metadata.checks.triggers import check_trigger
from objectry.metadata.model.definitions import ObjectDef
from objectry.metadata.model.reactions import NotificationDef

SUBJECT = code(
    "OBJ0655",
    "Subject missing, or of no use",
    "An e-mail has a `subject`, and a message within the application may; a text message and a "
    "webhook have none.",
    wrong=(
        "notification: hello\nobject: customer\non: {changed: name}\nchannel: email\n"
        "to: name\nbody: Hello"
    ),
    right=(
        "notification: hello\nobject: customer\non: {changed: name}\nchannel: email\n"
        "to: name\nsubject: Hello\nbody: Hello"
    ),
)
WITH_SUBJECT = frozenset({"email", "in_app"})


@project_check
def check_notifications(context: Context) -> None:
    """Every notification is about an object that exists, for somebody who can be told."""
    objects = context.definitions.objects
    for notification in context.definitions.notifications.values():
        at: Place = ("notification", notification.name, ("object",))
        _check_roles(context, notification)
        _check_subject(context, notification)
        if not notification.object or not context.expect(
            UNKNOWN_OBJECT, "object", notification.object, objects, at
        ):
            continue
        definition = objects[notification.object]
        at = ("notification", notification.name, ("on",))
        check_trigger(context, definition, notification.on, at)
        _check_expressions(context, definition, notification)
        for key, text in (("subject", notification.subject), ("body", notification.body)):
            at = ("notification", notification.name, (key,))
            check_template(context, definition.name, text, at, "message")


def _check_roles(context: Context, notification: NotificationDef) -> None:
    for index, recipient in enumerate(notification.to):
        if recipient.role:
            at: Place = ("notification", notification.name, ("to", index, "role"))
            known = {*ROLES, *context.definitions.roles}
            context.expect(UNKNOWN_ROLE, "role", recipient.role, known, at)


def _check_subject(context: Context, notification: NotificationDef) -> None:
    name, channel = notification.name, notification.channel
    if channel == "email" and not notification.subject:
        message = "An e-mail needs the key `subject`."
        context.find(SUBJECT, ("notification", name, ("subject",)), message)
    elif channel and channel not in WITH_SUBJECT and notification.subject:
        message = f"`subject` means nothing for channel `{channel}`."
        context.find(SUBJECT, ("notification", name, ("subject",)), message, "remove it", key=True)


def _check_expressions(
    context: Context, definition: ObjectDef, notification: NotificationDef
) -> None:
    """The condition holds or not; recipients are users within the application, else addresses."""
    scope = context.scope(definition.name, user=True, old=True)
    if notification.when is not None:
        at: Place = ("notification", notification.name, ("when",))
        context.compile_in(scope, notification.when, at, expects=(Kind.BOOLEAN,))
    expects = (Kind.LINK,) if notification.channel == "in_app" else (Kind.TEXT,)
    for index, recipient in enumerate(notification.to):
        if recipient.address is not None:
            at = ("notification", notification.name, ("to", index))
            context.compile_in(scope, recipient.address, at, expects=expects)
