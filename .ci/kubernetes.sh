# Steps of .ci/run about Kubernetes: the examples for kustomize, and the Helm chart.
# shellcheck shell=bash disable=SC2154 # .ci/run sets work and the names of the tools

# The newest whose module, with the schemas in it, the module proxy has.
prometheus_operator=v0.85.0

# validate checks files against the schemas of Kubernetes and of the Prometheus Operator.
validate() {
	local operator=github.com/prometheus-operator/prometheus-operator@$prometheus_operator
	go mod download "$operator"
	"$KUBECTL_VALIDATE" --local-crds "$(go env GOMODCACHE)/$operator/example/prometheus-operator-crd" "$@"
}

# known_flags checks that the program knows the arguments of the container in a file.
known_flags() {
	local words
	mapfile -t words < <(sed -n 's/^ *- "\{0,1\}\(--[^"]*\)"\{0,1\}$/\1/p' "$1")
	((${#words[@]} > 0))
	"$work"/one/.build/*.*/runzero_exporter "${words[@]}" --help >"$work/help" 2>&1 || { cat "$work/help"; return 1; }
}

# Without the operator, with every component, and for an exporter outside of the cluster.
kustomize_examples() {
	local all=$work/kustomize/all/examples/kubernetes
	mkdir -p "$all"
	cp -r dashboards "$work/kustomize/all/"
	cp -r examples/kubernetes/. "$all/"
	sed -i -E 's/^# (components:)/\1/; s/^#   - /  - /' "$all/kustomization.yaml"
	"$KUSTOMIZE" build examples/kubernetes >"$work/kustomize/base.yaml"
	"$KUSTOMIZE" build "$all" >"$work/kustomize/all.yaml"
	"$KUSTOMIZE" build examples/kubernetes/outside >"$work/kustomize/outside.yaml"
	if grep monitoring.coreos.com "$work/kustomize/base.yaml"; then
		echo 'the examples need the Prometheus Operator'
		return 1
	fi
	[[ $(operator_kinds "$work/kustomize/all.yaml") == 'PrometheusRule ScrapeConfig ServiceMonitor ' ]]
	[[ $(operator_kinds "$work/kustomize/outside.yaml") == 'PrometheusRule ScrapeConfig ' ]]
	validate "$work"/kustomize/*.yaml
	known_flags "$work/kustomize/all.yaml"
	if grep -E -- '--cache.dir=|runzero-exporter-cache' "$work/kustomize/all.yaml"; then
		echo 'replicas have the volume of one exporter'
		return 1
	fi
	local file
	for file in dashboards/*.json; do
		grep -x "  ${file##*/}: |" "$work/kustomize/all.yaml"
		# kubectl apply keeps a copy, escaped, in an annotation, for which Kubernetes has 256 KiB.
		(($(sed 's/["\\]/\\&/g; s/$/\\n/' "$file" | tr -d '\n' | wc -c) < 256000)) ||
			{ echo "$file is too large for kubectl apply"; return 1; }
	done
}

operator_kinds() {
	grep -A1 '^apiVersion: monitoring.coreos.com' "$1" | sed -n 's/^kind: //p' | sort | tr '\n' ' '
}

# Values of the chart that it must accept, each line a combination.
chart_values() {
	cat <<-'END'
		demo=true
		credentials.existingSecret=s
		credentials.existingSecret=s,image.digest=sha256:0123456789012345678901234567890123456789012345678901234567890123
		credentials.existingSecret=s,credentials.clientId=c,url=https://console.example.com:8443,persistence.enabled=false
		credentials.existingSecret=s,credentials.tokenKey=,config.accounts[0].name=a,config.accounts[0].credentials[0].authorization.credentials_file=../secrets/t
		credentials.existingSecret=s,persistence.existingClaim=c,serviceAccount.create=false,imagePullSecrets[0].name=p
		credentials.existingSecret=s,persistence.storageClass=-,persistence.annotations.a=b,service.type=NodePort,service.annotations.a=b
		credentials.existingSecret=s,webConfig.existingSecret=w
		credentials.existingSecret=s,webConfig.existingSecret=w,webConfig.authentication=false
		credentials.existingSecret=s,livenessProbe.tcpSocket.port=http,readinessProbe.tcpSocket.port=http
		credentials.existingSecret=s,extraArgs[0]=--quota.share=0.3,extraEnv[0].name=HTTPS_PROXY,extraEnv[0].value=http://proxy.example.com:3128
		credentials.existingSecret=s,extraVolumes[0].name=e,extraVolumeMounts[0].name=e,extraVolumeMounts[0].mountPath=/e
		credentials.existingSecret=s,podLabels.a=b,podAnnotations.a=b,nodeSelector.a=b,tolerations[0].operator=Exists,priorityClassName=p
		credentials.existingSecret=s,networkPolicy.enabled=true
		credentials.existingSecret=s,networkPolicy.enabled=true,networkPolicy.from[0].podSelector.matchLabels.a=b,networkPolicy.consolePorts[0]=443,networkPolicy.consolePorts[1]=8443
		credentials.existingSecret=s,redis.url=redis://redis.example.com:6379
		credentials.existingSecret=s,replicas=2,redis.url=rediss://u@redis.example.com:6379/2?prefix=a,redis.existingSecret=r,redis.caKey=ca.crt,redis.certKey=tls.crt,redis.keyKey=tls.key,networkPolicy.enabled=true
		credentials.existingSecret=s,replicas=3,redis.enabled=true,redis.existingSecret=r,serviceMonitor.enabled=true,serviceMonitor.byOrganization=true
		credentials.existingSecret=s,replicas=2,redis.enabled=true,redis.existingSecret=r,redis.persistence.storageClass=-,networkPolicy.enabled=true,webConfig.existingSecret=w,nodeSelector.a=b
		credentials.existingSecret=s,replicas=2,redis.enabled=true,redis.existingSecret=r,redis.persistence.enabled=false,redis.image.digest=sha256:0123456789012345678901234567890123456789012345678901234567890123
		credentials.existingSecret=s,serviceMonitor.enabled=true,prometheusRule.enabled=true,prometheusRule.optional=true,prometheusRule.discovery=true,dashboards.enabled=true
		credentials.existingSecret=s,serviceMonitor.enabled=true,serviceMonitor.byOrganization=true,serviceMonitor.labels.a=b
		credentials.existingSecret=s,serviceMonitor.enabled=true,serviceMonitor.byOrganization=true,serviceMonitor.labels.a=b,webConfig.existingSecret=w,serviceMonitor.basicAuth.username.name=s,serviceMonitor.basicAuth.username.key=u,serviceMonitor.tlsConfig.serverName=x
	END
}

# Values that it must refuse, and what it must say.
chart_mistakes() {
	cat <<-'END'
		image.repository= image.repository is required
		credentials.existingSecret= credentials.existingSecret is required
		image.repo=x additional properties 'repo' not allowed
		replicas=2 replicas=2 takes a Redis that they share
		replicas=0 at '/replicas'
		redis.enabled=true redis.existingSecret is required
		redis.enabled=true,redis.existingSecret=r,redis.url=redis://r redis.url and redis.enabled are both set
		redis.url=redis://:secret@r at '/redis/url'
		redis.url=redis://r,demo=true demo=true is for one exporter
		redis.url=redis://r,persistence.existingClaim=c persistence.existingClaim and redis are both set
		credentials.token=ET1 additional properties 'token' not allowed
		serviceMonitor.job=scans 'scans' does not match pattern
		extraArgs[0]=quota.share=1 at '/extraArgs/0'
		demo=yes got string, want boolean
	END
}

# The packaged chart, which the release build has left in $work/one/dist.
helm_chart() {
	local chart set mistake complaint i=0
	chart=$(echo "$work"/one/dist/*.tgz)
	"$HELM" lint --strict --set image.repository=r,image.tag=t,demo=true examples/helm/runzero-exporter
	mkdir "$work/chart"
	while read -r set; do
		i=$((i + 1))
		"$HELM" template release "$chart" --namespace=n --set "image.repository=registry.example.com/r,$set" >"$work/chart/$i.yaml"
		known_flags "$work/chart/$i.yaml"
	done < <(chart_values)
	((i > 10))
	validate "$work/chart" | sed 's/\x1b\[[0-9;]*m//g'
	grep -h 'image:' "$work/chart/1.yaml" | grep 'registry.example.com/r:0.0.0-ci$'

	while read -r mistake complaint; do
		if "$HELM" template release "$chart" --set image.repository=r,credentials.existingSecret=s --set "$mistake" >"$work/refused" 2>&1; then
			echo "the chart accepts $mistake"
			return 1
		fi
		grep -F -- "$complaint" "$work/refused" || { echo "$mistake:"; cat "$work/refused"; return 1; }
	done < <(chart_mistakes)

	# Rules and dashboards are those of the repository, to the byte.
	"$HELM" template release "$chart" --set image.repository=r,demo=true,prometheusRule.enabled=true --show-only templates/prometheusrule.yaml |
		sed -n '/^spec:/,$ s/^  //p' | sed -n '/^groups:/,$p' >"$work/rules"
	sed -n '/^groups:/,$p' alerts/runzero.rules.yml | diff --ignore-blank-lines - "$work/rules"
	tar -xzf "$chart" -C "$work"
	for set in dashboards/*.json; do
		cmp "$set" "$work/runzero-exporter/files/$set"
		"$HELM" template release "$chart" --set image.repository=r,demo=true,dashboards.enabled=true --show-only templates/dashboards.yaml |
			grep -x "  ${set##*/}: |"
	done
}

# The script that starts Valkey in a manifest, for this machine: Debian's Redis is as good.
valkey_script() {
	sed -n '/^ *- |$/,/^ *ports:$/ s/^ *//p' "$1" | sed -e '1d' -e '$d' -e "s#/etc/valkey#$2#; s#dir /data#dir $2#"
}

# grown waits for a line in a file, and prints the part of it that matches.
grown() {
	for _ in {1..200}; do
		! grep -oE -m 1 "$2" "$1" || return 0
		sleep 0.1
	done
	echo "no $2 in $1" >&2
	return 1
}

# scraped waits for a line in what an exporter serves.
scraped() {
	for _ in {1..300}; do
		! curl -sf "http://$1/metrics" | grep -x "$2" || return 0
		sleep 0.1
	done
	echo "no $2 at $1" >&2
	return 1
}

# The user of the Valkey in the examples may do what replicas do: one of them leads, the other follows and takes over.
replicas_user() {
	local program port=$((20000 + RANDOM % 10000)) replica console a b
	folder=$work/valkey pids=() # of the trap, too, which sees no local ones
	program=$(echo "$work"/one/.build/*.*/runzero_exporter)
	mkdir -p "$folder/bin"
	echo 'a "long" # password' >"$folder/password"
	printf '#!/bin/sh\nexec redis-server "$@" --port %d --bind 127.0.0.1\n' "$port" >"$folder/bin/valkey-server"
	chmod 755 "$folder/bin/valkey-server"
	"$HELM" template release "$work"/one/dist/*.tgz --set image.repository=r,credentials.existingSecret=s \
		--set replicas=2,redis.enabled=true,redis.existingSecret=r --show-only templates/valkey.yaml >"$folder/chart.yaml"
	valkey_script "$folder/chart.yaml" "$folder" >"$folder/chart.sh"
	valkey_script examples/kubernetes/replicas/valkey.yaml "$folder" | diff - "$folder/chart.sh"

	trap 'kill "${pids[@]}" 2>/dev/null || true; tail -n 30 "$folder"/*.log' EXIT
	PATH=$folder/bin:$PATH sh -ec "$(cat "$folder/chart.sh")" >"$folder/redis.log" 2>&1 &
	pids+=($!)
	"$program" simulate --simulate.listen-address=127.0.0.1:0 >"$folder/console.log" 2>&1 &
	pids+=($!)
	console=$(grown "$folder/console.log" 'http://127\.0\.0\.1:[1-9][0-9]*')
	RUNZERO_TOKEN=$(sed -n 's/^account token: *//p' "$folder/console.log")
	export RUNZERO_TOKEN
	for replica in a b; do
		"$program" --runzero.url="$console" --cache.url="redis://runzero@127.0.0.1:$port" --cache.password-file="$folder/password" \
			--web.listen-address=127.0.0.1:0 >"$folder/$replica.log" 2>&1 &
		pids+=($!)
		grown "$folder/$replica.log" '127\.0\.0\.1:[1-9][0-9]*' >"$folder/$replica"
		[[ $replica == b ]] || scraped "$(<"$folder/a")" 'runzero_exporter_leader 1'
	done
	a=$(<"$folder/a") b=$(<"$folder/b")
	scraped "$a" 'runzero_up 1'
	scraped "$b" 'runzero_up 1'
	scraped "$b" 'runzero_exporter_leader 0'
	kill "${pids[2]}"
	wait "${pids[2]}"
	scraped "$b" 'runzero_exporter_leader 1'
	scraped "$b" 'runzero_exporter_store_up 1'
	trap - EXIT
	kill "${pids[0]}" "${pids[1]}" "${pids[3]}"
}
