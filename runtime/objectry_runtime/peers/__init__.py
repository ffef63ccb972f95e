"""Services that live in other databases: asked, followed, and answered when they ask."""
