"""Who is asking: tenants, principals, API keys, and the call they make."""

from objectry_runtime.identity.authenticate import authenticate, forget_proven, unauthorized
from objectry_runtime.identity.call import Call, Principal
from objectry_runtime.identity.keys import create_key, revoke_key

__all__ = [
    "Call",
    "Principal",
    "authenticate",
    "create_key",
    "forget_proven",
    "revoke_key",
    "unauthorized",
]
