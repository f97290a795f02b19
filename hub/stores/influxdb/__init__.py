"""Observations in a bucket of an InfluxDB 2 server: the engine ``influxdb``."""
