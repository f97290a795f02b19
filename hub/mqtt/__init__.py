"""MQTT: things speak to the hub here, as its own endpoint or through brokers that are there already."""
