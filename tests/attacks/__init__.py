"""The attacks that must fail: `make check` runs them small, `make privacy-report` large, and writes what came of it."""
