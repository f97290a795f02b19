#!/bin/sh
# Starts mosquitto with the configuration of config/mosquitto, reachable by the other containers and its own port.
# More users, one for each party or gateway (the name is its topic prefix):
#   docker compose exec mosquitto mosquitto_passwd /mosquitto/data/barrio.passwd maple
#   docker compose kill -s HUP mosquitto
set -eu
umask 077
: "${SECRETS:=/var/lib/barrio}" "${CONFIG:=/etc/mosquitto}" "${DATA:=/mosquitto/data}" "${LISTEN:=1883}"

touch "$DATA/barrio.passwd"
mosquitto_passwd -b "$DATA/barrio.passwd" hub "$(cat "$SECRETS-broker/hub.password")"
cp "$CONFIG/barrio.acl" "$DATA/barrio.acl"
chmod 0600 "$DATA/barrio.acl"
sed -e "s#^listener 1883 127.0.0.1#listener $LISTEN#" -e "s#/etc/mosquitto/#$DATA/#" -e "s#/var/lib/mosquitto/#$DATA/#" \
  "$CONFIG/mosquitto.conf" > "$DATA/mosquitto.conf"
exec mosquitto -c "$DATA/mosquitto.conf"
