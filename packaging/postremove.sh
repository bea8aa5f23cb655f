#!/bin/sh
# dpkg calls it with "remove" after the package is removed, and with "purge" when its settings and
# data are to go, too. rpm calls it with 0 and knows no purge: the token, the cache and the user stay.
set -e

case "$1" in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl daemon-reload
	fi
	;;
purge)
	rm -rf /etc/runzero_exporter /var/lib/runzero_exporter
	# A process of the user that is still there is no reason to fail.
	if getent passwd runzero_exporter >/dev/null; then
		userdel runzero_exporter || true
	fi
	;;
esac
