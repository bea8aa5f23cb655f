#!/bin/sh
# dpkg calls it with "configure" and the version that was configured before, if any; rpm with the
# number of versions that are installed now.
set -e

case "$1" in
configure) [ -n "$2" ] && before=yes || before= ;;
1) before= ;;
2) before=yes ;;
*) exit 0 ;;
esac

if ! getent passwd runzero_exporter >/dev/null; then
	shell=/usr/sbin/nologin
	[ -x "$shell" ] || shell=/sbin/nologin
	useradd --system --user-group --no-create-home --home-dir /var/lib/runzero_exporter \
		--comment 'Prometheus exporter for runZero' --shell "$shell" runzero_exporter
fi
# For the token and further files: the service may read it, and nobody else.
if [ ! -d /etc/runzero_exporter ]; then
	mkdir -m 0750 /etc/runzero_exporter
	chgrp runzero_exporter /etc/runzero_exporter
fi

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	# Costs no API call, because the cache survives.
	systemctl try-restart runzero_exporter.service
fi
if [ -z "$before" ]; then
	cat <<-'END'
		runzero_exporter is installed, and not started: it needs a token.
		1. Save an export token of runZero in a file called token, then:
		     install -m 0640 -g runzero_exporter token /etc/runzero_exporter/token
		2. Set the URL of a self-hosted console, if you have one, in /etc/default/runzero_exporter.
		3. systemctl enable --now runzero_exporter
		The status page is then at http://localhost:10026/
	END
fi
