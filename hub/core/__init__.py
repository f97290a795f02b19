"""The pure core: ownership, grades, disclosure. No I/O, no clock, no logging; time is an argument."""
