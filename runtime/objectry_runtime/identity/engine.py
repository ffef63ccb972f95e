"""The engine as a caller: who is told to have done what nobody asked for."""

from objectry_runtime.identity.call import Principal

ENGINE = "00000000-0000-7000-8000-000000000000"


def engine(tenant: int, tenant_name: str) -> Principal:
    """The engine acting in a tenant; it may do everything."""
    return Principal(
        tenant=tenant,
        tenant_name=tenant_name,
        user=ENGINE,
        name="objectry",
        roles=frozenset({"admin"}),
    )
