{{- define "runzero-exporter.name" -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "runzero-exporter.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "runzero-exporter.labels" -}}
{{ include "runzero-exporter.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "runzero-exporter.image" -}}
{{- $repository := required "image.repository is required: build the image from the Dockerfile, push it, and enter its name" .Values.image.repository -}}
{{- if .Values.image.digest }}{{ $repository }}@{{ .Values.image.digest }}
{{- else if .Values.image.tag }}{{ $repository }}:{{ .Values.image.tag }}
{{- else if eq .Chart.AppVersion "0.0.0" }}{{ fail "image.tag is required: this copy of the chart comes from no release, which would have set it" }}
{{- else }}{{ $repository }}:{{ .Chart.AppVersion }}
{{- end }}
{{- end }}

{{- define "runzero-exporter.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "runzero-exporter.name" .) }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end }}
{{- end }}

{{- define "runzero-exporter.valkey" -}}
{{- include "runzero-exporter.name" . | trunc 45 | trimSuffix "-" }}-valkey
{{- end }}

{{- define "runzero-exporter.valkeySelector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}-valkey
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- /* What the exporter does in Redis: docs/replicas.md. */}}
{{- define "runzero-exporter.commands" -}}
+get +set +del +exists +expire +pexpire +hget +hgetall +hset +zadd +zrem +zscore +zrangebyscore +eval +evalsha +ping
{{- end }}

{{- /* The Redis that replicas share; empty if there is none. */}}
{{- define "runzero-exporter.redis" -}}
{{- with .Values.redis }}
{{- if and .url .enabled }}
{{- fail "redis.url and redis.enabled are both set: the first names a Redis of yours, the second adds one to the release" }}
{{- end }}
{{- if and .enabled (not (and .existingSecret .passwordKey)) }}
{{- fail "redis.existingSecret is required with redis.enabled: kubectl create secret generic runzero-exporter-redis --from-literal=password=\"$(openssl rand -hex 32)\"" }}
{{- end }}
{{- if and $.Values.demo (or .url .enabled) }}
{{- fail "demo=true is for one exporter: its simulated console is in the same process. Leave out redis" }}
{{- end }}
{{- if and $.Values.persistence.existingClaim (or .url .enabled) }}
{{- fail "persistence.existingClaim and redis are both set: a volume is for one exporter, Redis for replicas" }}
{{- end }}
{{- if and (gt (int $.Values.replicas) 1) (not .url) (not .enabled) }}
{{- fail (printf "replicas=%d takes a Redis that they share: set redis.url, or redis.enabled. Without it, each replica would poll, and spend API calls of its own" (int $.Values.replicas)) }}
{{- end }}
{{- if .enabled }}redis://runzero@{{ include "runzero-exporter.valkey" $ }}:6379{{ else }}{{ .url }}{{ end }}
{{- end }}
{{- end }}

{{- /* The probes. With a password, http probes would get 401, and the pod would be killed; see values.yaml. */}}
{{- define "runzero-exporter.probes" -}}
{{- $authentication := and .Values.webConfig.existingSecret .Values.webConfig.authentication }}
{{- $scheme := ternary "HTTPS" "HTTP" (and (not (empty .Values.webConfig.existingSecret)) .Values.webConfig.tls) }}
{{- if .Values.livenessProbe -}}
livenessProbe:
  {{- toYaml .Values.livenessProbe | nindent 2 }}
{{- else if not $authentication -}}
# Liveness does not depend on the console: a restart would not repair it.
livenessProbe:
  httpGet: {path: /-/healthy, port: http, scheme: {{ $scheme }}}
  periodSeconds: 30
{{- else -}}
startupProbe:
  tcpSocket: {port: http}
  periodSeconds: 2
  failureThreshold: 30
{{- end }}
{{- if .Values.readinessProbe }}
readinessProbe:
  {{- toYaml .Values.readinessProbe | nindent 2 }}
{{- else if not $authentication }}
# Ready once every poll has succeeded or failed once.
readinessProbe:
  httpGet: {path: /-/ready, port: http, scheme: {{ $scheme }}}
  periodSeconds: 10
{{- end }}
{{- end }}
