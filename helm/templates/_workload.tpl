{{/*
The one pod of all roles. Takes
  root, component, arguments (list)
  values:    the component's block of values
  providers: names of the platforms it calls
  config:    name of the ConfigMap with its relay.toml; none: it needs no configuration
  receives, stores: whether it has the port for webhooks, the volume with the log
  calls, preStop: what its grace follows from
  oneShot:   it does one thing and ends: no ports, no probes
*/}}
{{- define "hris-relay.pod" -}}
{{- $values := .values -}}
{{- $secrets := "" -}}
{{- if .config }}{{ $secrets = include "hris-relay.secretFiles" . }}{{ end -}}
metadata:
  labels:
    {{- include "hris-relay.labels" . | nindent 4 }}
    {{- with $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    {{- if .config }}
    checksum/config: {{ include "hris-relay.relayToml" . | sha256sum }}
    {{- end }}
    kubectl.kubernetes.io/default-container: hris-relay
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- with include "hris-relay.pullSecrets" .root | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- if .oneShot }}
  restartPolicy: Never
  {{- else }}
  serviceAccountName: {{ include "hris-relay.serviceAccount" .root }}
  terminationGracePeriodSeconds: {{ include "hris-relay.grace" (dict "root" .root "calls" .calls "requests" .receives "preStop" .preStop) }}
  {{- end }}
  automountServiceAccountToken: false
  # A Service named after the relay would set variables that its configuration refuses.
  enableServiceLinks: false
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: hris-relay
      image: {{ include "hris-relay.image" .root }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args:
        {{- range .arguments }}
        - {{ . | quote }}
        {{- end }}
      {{- with $values.extraEnv }}
      env:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if not .oneShot }}
      ports:
        {{- if .receives }}
        - name: webhooks
          containerPort: 8080
        {{- end }}
        - name: admin
          containerPort: 9090
      # Restoring people from the log takes a while on a first start; it is alive meanwhile.
      startupProbe:
        httpGet: {path: /health/live, port: admin}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /health/live, port: admin}
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 3
      readinessProbe:
        httpGet: {path: /health/ready, port: admin}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      {{- if gt (int .preStop) 0 }}
      lifecycle:
        preStop:
          sleep: {seconds: {{ .preStop }}}
      {{- end }}
      {{- end }}
      resources:
        {{- toYaml $values.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      volumeMounts:
        {{- if .config }}
        - name: config
          mountPath: /etc/hris-relay/relay.toml
          subPath: relay.toml
          readOnly: true
        {{- end }}
        {{- if $secrets }}
        - name: secrets
          mountPath: {{ include "hris-relay.secretsAt" .root }}
          readOnly: true
        {{- end }}
        - name: tmp
          mountPath: /tmp
        {{- if .stores }}
        - name: data
          mountPath: /var/lib/hris-relay
        {{- end }}
        {{- with $values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    {{- with .config }}
    - name: config
      configMap:
        name: {{ . }}
    {{- end }}
    {{- if $secrets }}
    - name: secrets
      projected:
        defaultMode: 0440
        sources:
          {{- $secrets | trim | nindent 10 }}
    {{- end }}
    - name: tmp
      emptyDir: {sizeLimit: 64Mi}
    {{- if and .stores $values.persistence.existingClaim }}
    - name: data
      persistentVolumeClaim:
        claimName: {{ $values.persistence.existingClaim }}
    {{- end }}
    {{- with $values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- if not (or .oneShot .stores) }}
  topologySpreadConstraints:
    {{- if $values.topologySpreadConstraints }}
    {{- toYaml $values.topologySpreadConstraints | nindent 4 }}
    {{- else }}
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "hris-relay.selector" $ | nindent 10 }}
    {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{/* A Deployment around the pod. Takes the same. */}}
{{- define "hris-relay.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "hris-relay.component" . }}
  labels:
    {{- include "hris-relay.labels" . | nindent 4 }}
spec:
  {{- if not .root.Values.sources }}
  replicas: 0
  {{- else if not .scaled }}
  replicas: {{ .values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  # A moment between pods keeps partitions from moving several times.
  minReadySeconds: 5
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  selector:
    matchLabels:
      {{- include "hris-relay.selector" . | nindent 6 }}
  template:
    {{- include "hris-relay.pod" . | nindent 4 }}
{{- end -}}

{{/*
Every role that has pods, as JSON: what the pod takes, but for `root`, and `scaled`, whether
something else decides how many pods there are.
*/}}
{{- define "hris-relay.roles" -}}
{{- $file := list "--config" "/etc/hris-relay/relay.toml" -}}
{{- $all := keys .Values.providers | sortAlpha -}}
{{- $roles := list -}}
{{- if include "hris-relay.onKafka" . -}}
{{- $roles = append $roles (dict "component" "receiver" "values" .Values.receiver "arguments" (prepend $file "receiver") "providers" list "receives" true "calls" true "preStop" .Values.receiver.preStopSeconds) -}}
{{- $roles = append $roles (dict "component" "roster" "values" .Values.roster "arguments" (prepend $file "roster") "providers" list "receives" false "calls" true "preStop" 0) -}}
{{- range $name := $all -}}
{{- $block := mergeOverwrite (deepCopy $.Values.worker) (deepCopy ((get $.Values.providers $name).worker | default dict)) -}}
{{- $roles = append $roles (dict "component" (include "hris-relay.worker" $name) "provider" $name "values" $block "arguments" (concat (list "worker" $name) $file) "providers" (list $name) "receives" false "calls" true "preStop" 0) -}}
{{- end -}}
{{- else -}}
{{- $roles = append $roles (dict "component" "serve" "values" .Values.serve "arguments" (prepend $file "serve") "providers" $all "receives" true "stores" true "calls" true "preStop" 0) -}}
{{- end -}}
{{- range $roles -}}
{{- $_ := set . "config" (include "hris-relay.component" (dict "root" $ "component" .component)) -}}
{{- $_ := set . "scaled" (ne (dig "autoscaling" "kind" "none" .values) "none") -}}
{{- end -}}
{{- toJson $roles -}}
{{- end -}}
