"""The operator's commands: one table, spoken to over a local socket or, with no hub running, directly.

Rule: whoever may open the socket (file permissions: the operator) may do everything in `commands`; nobody else is
heard. A command takes plain values and gives plain values, so that both ways are the same.
"""
