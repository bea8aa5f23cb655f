#!/bin/sh
# dpkg calls it with "remove" before the package is removed, rpm with 0.
set -e

case "$1" in
remove | 0) ;;
*) exit 0 ;;
esac

if [ -d /run/systemd/system ]; then
	systemctl disable --now runzero_exporter.service runzero_exporter-once.timer
	systemctl stop runzero_exporter-once.service
fi
