{{/* The relay's configuration file, for each role only with what it needs. */}}

{{/* One value as TOML, on one line. JSON writes text and numbers as TOML reads them. */}}
{{- define "hris-relay.toml" -}}
{{- if kindIs "map" . -}}
{ {{ range $index, $key := keys . | sortAlpha -}}
{{ if $index }}, {{ end }}{{ include "hris-relay.tomlKey" $key }} = {{ include "hris-relay.toml" (get $ $key) }}
{{- end }} }
{{- else if kindIs "slice" . -}}
[{{ range $index, $item := . }}{{ if $index }}, {{ end }}{{ include "hris-relay.toml" $item }}{{ end }}]
{{- else -}}
{{ toJson . }}
{{- end -}}
{{- end -}}

{{- define "hris-relay.tomlKey" -}}
{{- if regexMatch "^[A-Za-z0-9_-]+$" . }}{{ . }}{{ else }}{{ toJson . }}{{ end -}}
{{- end -}}

{{/* The lines of a table. A key without a value was taken away with `null`. */}}
{{- define "hris-relay.tomlLines" -}}
{{- range $key := keys . | sortAlpha }}
{{- $value := get $ $key }}
{{- if not (kindIs "invalid" $value) }}
{{ include "hris-relay.tomlKey" $key }} = {{ include "hris-relay.toml" $value }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Where the files with secrets are mounted. */}}
{{- define "hris-relay.secretsAt" -}}/etc/hris-relay/secrets{{- end -}}

{{- define "hris-relay.kafkaSettings" -}}
{{- $kafka := .Values.kafka -}}
{{- $at := include "hris-relay.secretsAt" . -}}
{{- $properties := dict -}}
{{- if $kafka.tls.enabled -}}
{{- $_ := set $properties "security.protocol" (ternary "sasl_ssl" "ssl" (not (empty $kafka.propertiesSecret.name))) -}}
{{- if $kafka.tls.ca.secretName }}{{ $_ := set $properties "ssl.ca.location" (print $at "/kafka/ca.crt") }}{{ end -}}
{{- if $kafka.tls.client.secretName -}}
{{- $_ := set $properties "ssl.certificate.location" (print $at "/kafka/tls.crt") -}}
{{- $_ := set $properties "ssl.key.location" (print $at "/kafka/tls.key") -}}
{{- end -}}
{{- end -}}
{{- $settings := dict "brokers" $kafka.brokers "prefix" $kafka.prefix "partitions" $kafka.partitions "replication" $kafka.replication -}}
{{- with mergeOverwrite $properties (deepCopy $kafka.properties) }}{{ $_ := set $settings "properties" . }}{{ end -}}
{{- if $kafka.propertiesSecret.name }}{{ $_ := set $settings "properties_file" (print $at "/kafka/kafka.properties") }}{{ end -}}
{{- toJson (mergeOverwrite $settings (deepCopy $kafka.settings)) -}}
{{- end -}}

{{/*
relay.toml. Takes `root` and `providers`, the names of the platforms this pod calls: a pod that
calls none has neither their settings nor their secrets.
*/}}
{{- define "hris-relay.relayToml" -}}
{{- $root := .root -}}
{{- $at := include "hris-relay.secretsAt" $root -}}
{{- $top := dict -}}
{{- $sections := dict -}}
{{- range $key, $value := $root.Values.config -}}
{{- if kindIs "map" $value }}{{ $_ := set $sections $key $value }}{{ else }}{{ $_ := set $top $key $value }}{{ end -}}
{{- end -}}
{{- if not (include "hris-relay.onKafka" $root) }}{{ $_ := set $top "data_dir" "/var/lib/hris-relay" }}{{ end -}}
{{ include "hris-relay.tomlLines" $top | trim }}
{{- if include "hris-relay.onKafka" $root }}

[kafka]
{{- include "hris-relay.tomlLines" (include "hris-relay.kafkaSettings" $root | fromJson) }}
{{- end }}

[admin]
listen = "0.0.0.0:9090"
{{- range $name := keys $sections | sortAlpha }}
{{- $section := deepCopy (get $sections $name) }}
{{- if eq $name "receiver" }}{{ $_ := set $section "listen" "0.0.0.0:8080" }}{{ end }}

[{{ $name }}]
{{- include "hris-relay.tomlLines" $section }}
{{- end }}
{{- range $name := keys $root.Values.sources | sortAlpha }}
{{- $source := get $root.Values.sources $name }}
{{- $files := list }}
{{- range $index, $_ := $source.secrets }}{{ $files = append $files (printf "%s/sources/%s/%d" $at $name $index) }}{{ end }}

[sources.{{ $name }}]
{{- include "hris-relay.tomlLines" (mergeOverwrite (deepCopy $source.settings) (dict "secret_files" $files)) }}
{{- end }}
{{- if .providers }}
{{- range $root.Values.assignments }}

[[assignments]]
{{- include "hris-relay.tomlLines" . }}
{{- end }}
{{- end }}
{{- range $name := .providers }}
{{- $provider := get $root.Values.providers $name }}
{{- $files := dict }}
{{- range $setting, $_ := $provider.secrets }}{{ $_ := set $files (print $setting "_file") (printf "%s/providers/%s/%s" $at $name $setting) }}{{ end }}

[providers.{{ $name }}]
{{- include "hris-relay.tomlLines" (mergeOverwrite (deepCopy ($provider.settings | default dict)) $files) }}
{{- end }}
{{ end -}}

{{/* The existing Secrets of a pod, as files, each only for what it needs. As `.relayToml`. */}}
{{- define "hris-relay.secretFiles" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $files := list -}}
{{- if include "hris-relay.onKafka" .root -}}
{{- with $kafka.propertiesSecret }}{{ if .name }}{{ $files = append $files (dict "name" .name "key" .key "path" "kafka/kafka.properties") }}{{ end }}{{ end -}}
{{- if $kafka.tls.enabled -}}
{{- with $kafka.tls.ca }}{{ if .secretName }}{{ $files = append $files (dict "name" .secretName "key" .key "path" "kafka/ca.crt") }}{{ end }}{{ end -}}
{{- with $kafka.tls.client }}{{ if .secretName -}}
{{- $files = append $files (dict "name" .secretName "key" .certificateKey "path" "kafka/tls.crt") -}}
{{- $files = append $files (dict "name" .secretName "key" .privateKeyKey "path" "kafka/tls.key") -}}
{{- end }}{{ end -}}
{{- end -}}
{{- end -}}
{{- range $name := keys .root.Values.sources | sortAlpha -}}
{{- range $index, $secret := (get $.root.Values.sources $name).secrets -}}
{{- $files = append $files (dict "name" $secret.name "key" $secret.key "path" (printf "sources/%s/%d" $name $index)) -}}
{{- end -}}
{{- end -}}
{{- range $name := .providers -}}
{{- $secrets := (get $.root.Values.providers $name).secrets -}}
{{- range $setting := keys ($secrets | default dict) | sortAlpha -}}
{{- $secret := get $secrets $setting -}}
{{- $files = append $files (dict "name" $secret.name "key" $secret.key "path" (printf "providers/%s/%s" $name $setting)) -}}
{{- end -}}
{{- end -}}
{{- range $files }}
- secret:
    name: {{ .name }}
    items: [{key: {{ .key | quote }}, path: {{ .path | quote }}}]
{{- end -}}
{{- end -}}
