"""The model: definitions as frozen values, and what follows from them."""
