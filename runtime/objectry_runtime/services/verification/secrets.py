"""Secrets open with the key of this installation, each in its place."""

from collections.abc import Callable

from objectry_runtime.events.sealing import SealBroken, Subject
from objectry_runtime.events.secrets import open_secret
from objectry_runtime.services.verification.view import View
from objectry_runtime.store.executor import Bound

Report = Callable[[str, str, str, str], None]


def secrets_open(view: View, report: Report) -> int:
    """Try every secret; what it says is not kept. Counts secrets; none where no key was given."""
    if view.keyring is None:
        return 0
    counted = 0
    for name in sorted(view.live.model.objects()):
        model = view.live.model.object(name)
        for field in (one.name for one in model.fields.values() if one.type.sealed):
            column = view.column(name, field)
            sql = (
                f"select tenant_id, id, {column} from {view.table(name)} where {column} is not null"
            )
            for tenant, id, sealed in view.stream(Bound(sql)):
                counted += 1
                subject = Subject(int(tenant or 0), name, str(id))
                try:
                    open_secret(view.keyring, str(sealed), subject, field)
                except SealBroken:
                    message = f"{field} does not open: another key, or it was put there by hand"
                    report(name, str(tenant), str(id), message)
    return counted
