"""Who is asking: tenants, principals, API keys, and the call they make."""
