"""The way in: messages are decoded, attributed, stored, and only then acknowledged.

Rule: nothing a thing publishes goes anywhere else. `inbox` is where messages wait, `pipeline` the one path they take,
`refusals` what becomes of those that cannot be used.
"""
