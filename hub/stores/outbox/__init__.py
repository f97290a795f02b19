"""Batches that wait on the disk for an engine on a server."""
