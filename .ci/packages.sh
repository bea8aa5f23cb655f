# Steps of .ci/run about packages. The release build has left them in $work/one/dist.
# shellcheck shell=bash disable=SC2154 # .ci/run sets work

# Both packages hold the same files, and nothing that an administrator changes is overwritten.
package_contents() {
	local deb rpm
	deb=$(echo "$work"/one/dist/*.deb) rpm=$(echo "$work"/one/dist/*.rpm)

	dpkg-deb --fsys-tarfile "$deb" | tar -t | sed -n 's#^\.\(/.*[^/]\)$#\1#p' |
		grep -vx /usr/share/doc/runzero-exporter/copyright | sed 's#/vendor-completions/#/site-functions/#' | sort >"$work/in-deb"
	rpm --query --package --queryformat '[%{FILEMODES:perms} %{FILENAMES}\n]' "$rpm" | sed -n 's#^[^d][^ ]* ##p' | sort >"$work/in-rpm"
	diff "$work/in-deb" "$work/in-rpm"
	grep -x -e /usr/bin/runzero_exporter -e /usr/lib/systemd/system/runzero_exporter.service -e /etc/default/runzero_exporter \
		-e /usr/share/man/man1/runzero_exporter.1.gz -e /usr/share/bash-completion/completions/runzero_exporter \
		-e /usr/share/zsh/site-functions/_runzero_exporter -e /usr/share/fish/vendor_completions.d/runzero_exporter.fish \
		-e /usr/share/doc/runzero-exporter/THIRD_PARTY_LICENSES "$work/in-deb" >"$work/must"
	[[ $(wc -l <"$work/must") == 8 ]] || { echo "the packages lack files; they have of these:"; cat "$work/must"; return 1; }

	[[ $(dpkg-deb --info "$deb" conffiles) == /etc/default/runzero_exporter ]]
	[[ $(rpm --query --package --queryformat '[%{FILEFLAGS:fflags} %{FILENAMES}\n]' "$rpm" | grep '^c') == 'cn /etc/default/runzero_exporter' ]]
}

# The next version, with other default settings.
next_packages() {
	local format arch stage
	arch=$(go env GOARCH)
	stage=$work/one/.build/runzero_exporter-0.0.0-ci.linux-$arch
	echo '# A setting of the next version.' >>"$stage/examples/systemd/runzero_exporter.default"
	mkdir -p "$work/next"
	for format in deb rpm; do
		(cd "$work/one" && VERSION=0.0.1 ARCH=$arch STAGE=$stage GENERATED=.build/generated \
			"$NFPM" package --config packaging/nfpm.yaml --packager "$format" --target "$work/next/")
	done
}

# What packages and exporters leave on this machine.
package_traces() {
	find /etc /usr /var/lib -xdev -name '*runzero*' -not -path "$PWD/*" | sort
	getent passwd runzero_exporter || true
	getent group runzero_exporter || true
}

# unit_value prints what the installed unit says.
unit_value() {
	sed -n "s/^$2=-\{0,1\}//p" "/usr/lib/systemd/system/$1" | sed 's#%S#/var/lib#g; s#\$\$#$#g'
}

# as_unit runs the command line of the unit as systemd would: as its user, with its settings alone.
as_unit() {
	local unit=$1
	install -d -m "$(unit_value "$unit" StateDirectoryMode)" -o "$(unit_value "$unit" User)" "/var/lib/$(unit_value "$unit" StateDirectory)"
	# shellcheck disable=SC2016 # the inner shell expands them
	exec setpriv --reuid="$(unit_value "$unit" User)" --regid="$(unit_value "$unit" Group)" --clear-groups --no-new-privs \
		env -i sh -c 'set -a; . "$1"; umask "$2"; eval "exec $3"' - \
		"$(unit_value "$unit" EnvironmentFile)" "$(unit_value "$unit" UMask)" "$(unit_value "$unit" ExecStart)"
}

# serving starts the unit, and ends it when it has shown the assets of the simulated console.
serving() {
	local pid address=
	as_unit runzero_exporter.service >"$work/serve" 2>&1 &
	pid=$!
	started+=("$pid")
	for _ in {1..150}; do
		address=$(grep -oE '127\.0\.0\.1:[1-9][0-9]*' "$work/serve" | head -n 1) || true
		if [[ -n $address ]] && curl -sf "http://$address/-/ready" >/dev/null; then
			break
		fi
		sleep 0.1
	done
	curl -sf "http://$address/metrics" -o "$work/metrics" || { cat "$work/serve"; return 1; }
	grep -c '^runzero_assets{' "$work/metrics"
	kill "$pid"
	wait "$pid" # fails unless it ends with 0
	unset 'started[-1]'
}

# configure does the steps that the package prints.
configure() {
	local address token
	: >"$work/console" # it is read before the program may have started
	/usr/bin/runzero_exporter simulate --simulate.listen-address=127.0.0.1:0 >"$work/console" 2>&1 &
	started+=("$!")
	for _ in {1..50}; do
		token=$(sed -n 's/^export token: *//p' "$work/console")
		[[ -z $token ]] || break
		sleep 0.1
	done
	address=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$work/console" | head -n 1)
	echo "$token" >"$work/token"
	install -m 0640 -g runzero_exporter "$work/token" /etc/runzero_exporter/token
	printf '%s\n' "RUNZERO_URL=$address" RUNZERO_WEB_LISTEN_ADDRESS=127.0.0.1:0 >>/etc/default/runzero_exporter
	cp /etc/default/runzero_exporter "$work/settings"
	if setpriv --reuid=65534 --regid=65534 --clear-groups cat /etc/runzero_exporter/token 2>/dev/null; then
		echo 'everybody can read the token'
		return 1
	fi
}

# The timer's unit leaves one whole file, which others can read.
once() {
	# systemd would enter the folder.
	mkdir "$work/textfile"
	chown runzero_exporter "$work/textfile"
	chmod 711 "$work"
	(cd "$work/textfile" && as_unit runzero_exporter-once.service)
	[[ $(stat -c '%n %a' "$work"/textfile/.[!.]* "$work"/textfile/* 2>/dev/null) == "$work/textfile/runzero.prom 644" ]]
	grep -c '^runzero_assets{' "$work/textfile/runzero.prom"
}

no_package_yet() {
	package_traces >"$work/before"
	[[ ! -s $work/before ]] || { echo 'runzero_exporter is installed on this machine; these steps would remove it:'; cat "$work/before"; return 1; }
	started=()
	trap package_undo EXIT
}

package_undo() {
	((${#started[@]} == 0)) || kill "${started[@]}" 2>/dev/null || true
	wait || true
	dpkg --no-triggers --purge --force-all runzero-exporter >/dev/null 2>&1 || true
	dpkg --triggers-only --pending || true
	if [[ -e $work/rpmdb ]]; then
		"${rpm[@]}" --erase --noscripts runzero-exporter >/dev/null 2>&1 || true
	fi
	rm -rf /etc/runzero_exporter /var/lib/runzero_exporter /etc/default/runzero_exporter*
	userdel runzero_exporter 2>/dev/null || true
}

# The deb is installed, configured, started with the command line of its unit, upgraded, removed and
# purged on this machine. No systemd runs here that would start anything.
deb_life() {
	no_package_yet
	# The index of man pages takes long, and is brought up to date once, at the end.
	dpkg --no-triggers --install "$work"/one/dist/*.deb
	configure
	serving
	once

	next_packages
	# What apt does when an administrator has changed a file and nobody can be asked.
	dpkg --no-triggers --install --force-confdef "$work"/next/*.deb
	[[ $(dpkg-query --show --showformat '${Version}' runzero-exporter) == 0.0.1-1 ]]
	diff /etc/default/runzero_exporter "$work/settings"
	serving

	dpkg --no-triggers --remove runzero-exporter
	[[ ! -e /usr/bin/runzero_exporter && -s /etc/runzero_exporter/token && -e /etc/default/runzero_exporter ]]
	dpkg --no-triggers --purge runzero-exporter
	package_traces | diff "$work/before" -
}

# The same for the rpm, with a database of its own beside dpkg's. Erasing keeps the token and the cache.
rpm_life() {
	no_package_yet
	rpm=(rpm --force-debian --nodeps --dbpath "$work/rpmdb")
	"${rpm[@]}" --install "$work"/one/dist/*.rpm
	configure
	serving
	"${rpm[@]}" --upgrade "$work"/next/*.rpm
	[[ $(rpm --dbpath "$work/rpmdb" --query runzero-exporter) == runzero-exporter-0.0.1-1.* ]]
	diff /etc/default/runzero_exporter "$work/settings"
	serving
	"${rpm[@]}" --erase runzero-exporter
	[[ ! -e /usr/bin/runzero_exporter && -s /etc/runzero_exporter/token && -d /var/lib/runzero_exporter ]]
	package_undo
	trap - EXIT
	package_traces | diff "$work/before" -
}
