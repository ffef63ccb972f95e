"""Events about definitions: whose they are, in history and feed, where others have their object."""

# No object can be called so: two underscores stand in no name of the language.
DEFINITION = "definition__"
SERVICE = "platform"
