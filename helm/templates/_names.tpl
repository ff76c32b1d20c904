{{/* Names, labels and the image. */}}

{{- define "hris-relay.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Leaves room for "-worker-<provider>" within 63 characters. */}}
{{- define "hris-relay.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "hris-relay.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The name of a component's objects. Takes `root` and `component`. */}}
{{- define "hris-relay.component" -}}
{{- printf "%s-%s" (include "hris-relay.fullname" .root) .component | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The component of a provider's worker: a name of the relay may have underscores. */}}
{{- define "hris-relay.worker" -}}
worker-{{ . | replace "_" "-" }}
{{- end -}}

{{/* What never changes. Takes `root` and, for one component, `component`. */}}
{{- define "hris-relay.selector" -}}
app.kubernetes.io/name: {{ include "hris-relay.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "hris-relay.labels" -}}
{{ include "hris-relay.selector" . }}
app.kubernetes.io/version: {{ .root.Values.image.tag | default .root.Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "hris-relay.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "hris-relay.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "hris-relay.image" -}}
{{- $registry := .Values.global.imageRegistry | default .Values.image.registry -}}
{{- with $registry }}{{ . }}/{{ end -}}
{{- .Values.image.repository -}}
{{- if .Values.image.digest -}}
@{{ .Values.image.digest }}
{{- else -}}
:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "hris-relay.pullSecrets" -}}
{{- with concat .Values.global.imagePullSecrets .Values.imagePullSecrets | uniq }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Not empty on Kafka, where each role has pods of its own. */}}
{{- define "hris-relay.onKafka" -}}
{{- .Values.kafka.brokers | trim -}}
{{- end -}}

{{/* Whole seconds, rounded up, of a duration as the relay writes it: 250ms, 1m 30s, 2h. */}}
{{- define "hris-relay.seconds" -}}
{{- $ms := 0 -}}
{{- range regexFindAll "[0-9]+ *[a-zA-Z]+" . -1 -}}
{{- $count := regexFind "[0-9]+" . | int -}}
{{- $unit := regexFind "[a-zA-Z]+" . -}}
{{- $scale := 0 -}}
{{- if has $unit (list "ms" "msec" "millis") }}{{ $scale = 1 -}}
{{- else if has $unit (list "s" "sec" "secs" "second" "seconds") }}{{ $scale = 1000 -}}
{{- else if has $unit (list "m" "min" "mins" "minute" "minutes") }}{{ $scale = 60000 -}}
{{- else if has $unit (list "h" "hr" "hrs" "hour" "hours") }}{{ $scale = 3600000 -}}
{{- else }}{{ fail (printf "%s: a drain is given in ms, s, m or h" .) }}{{ end -}}
{{- $ms = add $ms (mul $count $scale) -}}
{{- end -}}
{{- div (add $ms 999) 1000 -}}
{{- end -}}

{{/*
The grace of a pod: what it drains, and 15 s for the last commit, closing the log and margin.
Takes `root`, `calls` (it drains calls), `requests` (it drains requests), `preStop` (seconds).
*/}}
{{- define "hris-relay.grace" -}}
{{- $grace := 15 -}}
{{- if .calls }}{{ $grace = add $grace (include "hris-relay.seconds" .root.Values.config.shard.drain) }}{{ end -}}
{{- if .requests }}{{ $grace = add $grace (include "hris-relay.seconds" .root.Values.config.receiver.drain) }}{{ end -}}
{{- add $grace .preStop -}}
{{- end -}}
