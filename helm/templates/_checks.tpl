{{/* What the schema cannot say: values that contradict each other, each with a sentence. */}}
{{- define "hris-relay.checks" -}}
{{- $onKafka := include "hris-relay.onKafka" . -}}
{{- if and (not .Values.sources) .Release.IsUpgrade -}}
{{- fail "sources: this upgrade names no HR system, which would stop the relay: were the values forgotten? Give them again with -f, or --reuse-values" -}}
{{- end -}}
{{- range $source := dig "roster" "precedence" list .Values.config -}}
{{- if not (hasKey $.Values.sources $source) -}}
{{- fail (printf "config.roster.precedence: %s is none of the sources (%s)" $source (keys $.Values.sources | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- range $index, $assignment := .Values.assignments -}}
{{- range $name := keys (omit $assignment "group") | sortAlpha -}}
{{- if not (hasKey $.Values.providers $name) -}}
{{- fail (printf "assignments[%d].%s: no such provider; add providers.%s, or take it away" $index $name $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $names := dict -}}
{{- range $name := keys .Values.providers | sortAlpha -}}
{{- $component := include "hris-relay.worker" $name -}}
{{- if hasKey $names $component -}}
{{- fail (printf "providers.%s and providers.%s would have pods of one name" (get $names $component) $name) -}}
{{- end -}}
{{- $_ := set $names $component $name -}}
{{- end -}}

{{- if not $onKafka -}}
{{- range $key, $is := dict "receiver.autoscaling.kind" (ne .Values.receiver.autoscaling.kind "none") "worker.autoscaling.kind" (ne .Values.worker.autoscaling.kind "none") "kafka.tls.enabled" .Values.kafka.tls.enabled "kafka.propertiesSecret.name" (ne .Values.kafka.propertiesSecret.name "") "kafka.properties" (not (empty .Values.kafka.properties)) "kafka.strimzi.user.enabled" .Values.kafka.strimzi.user.enabled "kafka.topics.create" (eq .Values.kafka.topics.create "strimzi") "operator.arguments" (not (empty .Values.operator.arguments)) -}}
{{- if $is -}}
{{- fail (printf "%s: the embedded log has one pod and no brokers; set kafka.brokers, or leave this as it is" $key) -}}
{{- end -}}
{{- end -}}
{{- range $name, $provider := .Values.providers -}}
{{- if $provider.worker -}}
{{- fail (printf "providers.%s.worker: with the embedded log the platform is called from the one pod there is; set kafka.brokers, or take it away" $name) -}}
{{- end -}}
{{- end -}}
{{- else -}}
{{- if and .Values.kafka.tls.client.secretName (not .Values.kafka.tls.enabled) -}}
{{- fail "kafka.tls.client.secretName: a client certificate is shown only over TLS; set kafka.tls.enabled=true" -}}
{{- end -}}
{{- if and .Values.kafka.tls.ca.secretName (not .Values.kafka.tls.enabled) -}}
{{- fail "kafka.tls.ca.secretName: nothing is checked with it without TLS; set kafka.tls.enabled=true" -}}
{{- end -}}
{{- if and (or (eq .Values.kafka.topics.create "strimzi") .Values.kafka.strimzi.user.enabled) (not .Values.kafka.strimzi.cluster) -}}
{{- fail "kafka.strimzi.cluster: name the Kafka object in which Strimzi shall make topics and user" -}}
{{- end -}}
{{- if and .Values.kafka.strimzi.user.enabled (eq .Values.kafka.strimzi.user.authentication "tls") (not .Values.kafka.tls.client.secretName) -}}
{{- fail (printf "kafka.tls.client.secretName: the user signs in with the certificate that Strimzi makes; name its Secret, %s" (include "hris-relay.kafkaUser" .)) -}}
{{- end -}}
{{- $partitions := int .Values.kafka.partitions -}}
{{- range $role := include "hris-relay.roles" . | fromJsonArray -}}
{{- $scaling := $role.values.autoscaling | default dict -}}
{{- $key := ternary (printf "providers.%s.worker" $role.provider) $role.component (hasKey $role "provider") -}}
{{- if $role.scaled -}}
{{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) -}}
{{- fail (printf "%s.autoscaling: minReplicas (%d) is more than maxReplicas (%d)" $key (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- end -}}
{{- if and (eq $scaling.kind "keda") (not $.Values.keda.serverAddress) -}}
{{- fail (printf "keda.serverAddress: %s.autoscaling.kind is keda, which asks a Prometheus; say where it is" $key) -}}
{{- end -}}
{{- end -}}
{{- if not $role.receives -}}
{{- if and $role.scaled (gt (int $scaling.maxReplicas) $partitions) -}}
{{- fail (printf "%s.autoscaling.maxReplicas (%d) is more than kafka.partitions (%d): the others would have nothing to do" $key (int $scaling.maxReplicas) $partitions) -}}
{{- end -}}
{{- if and (not $role.scaled) (gt (int $role.values.replicas) $partitions) -}}
{{- fail (printf "%s.replicas (%d) is more than kafka.partitions (%d): the others would have nothing to do" $key (int $role.values.replicas) $partitions) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.hosts: an Ingress without a host would take every host of its controller; name at least one" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.parentRefs: a route hangs on a gateway; name at least one" -}}
{{- end -}}
{{- if and .Values.service.nodePort (ne .Values.service.type "NodePort") -}}
{{- fail (printf "service.nodePort: a Service of type %s has none; set service.type=NodePort" .Values.service.type) -}}
{{- end -}}
{{- if and .Values.externalSecrets.enabled (not .Values.externalSecrets.store.name) -}}
{{- fail "externalSecrets.store.name: name the SecretStore or ClusterSecretStore to read from" -}}
{{- end -}}
{{- $alerts := list -}}
{{- range (.Files.Get "files/alerts.yaml" | fromYaml).groups }}{{ range .rules }}{{ $alerts = append $alerts .alert }}{{ end }}{{ end -}}
{{- range concat .Values.monitoring.alerts.disabled (keys .Values.monitoring.alerts.overrides) -}}
{{- if not (has . $alerts) -}}
{{- fail (printf "monitoring.alerts: there is no alert %s; there are %s" . (join ", " $alerts)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
