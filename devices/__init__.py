"""The wire as a device sees it; never imports hub."""
