"""The mounted ASGI record API, the Litestar routes, problem+json, OpenAPI."""
