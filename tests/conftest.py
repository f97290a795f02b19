"""How hard the properties are tried: `quick` before every commit, `thorough` in `make test`."""

from hypothesis import settings

settings.register_profile("quick", max_examples=12, deadline=None)
settings.register_profile("thorough", max_examples=150, deadline=None)
settings.load_profile("quick")
