"""The demo's place and its neighbourhood."""
