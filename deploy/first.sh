#!/bin/sh
# Makes what the other containers need, once: buckets, tokens, passwords. Done again it changes nothing.
# Each secret is a file in a folder that only those get who need it.
set -eu
umask 077
: "${SECRETS:=/var/lib/barrio}" "${BARRIO_CONFIG:=/etc/barrio/barrio.toml}"

password() {  # FILE MODE
  [ -s "$1" ] && return
  head -c 24 /dev/urandom | base64 | tr '/+' '_-' > "$1.draft"
  chmod "$2" "$1.draft"
  mv "$1.draft" "$1"
}

password "$SECRETS-broker/hub.password" 0400
password "$SECRETS-reader/grafana.password" 0444
barrio store init --config "$BARRIO_CONFIG" --admin-token-file "$SECRETS-admin/influxdb-admin.token"
# Grafana runs as another user: in its own volume it may read this one token, and sees no other.
install -m 0444 "$SECRETS-tokens/civic-reader.token" "$SECRETS-reader/civic-reader.token"
