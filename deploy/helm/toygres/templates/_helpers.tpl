{{/* Not to be changed: the provider's NetworkPolicies let pods of this name and the component worker in. */}}
{{- define "toygres.name" -}}toygres{{- end }}

{{- define "toygres.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "toygres.name" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "toygres.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* What selects the pods of one component. Called with (list $ "component"). */}}
{{- define "toygres.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "toygres.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "toygres.labels" -}}
{{- $root := index . 0 -}}
{{ include "toygres.selector" . }}
app.kubernetes.io/part-of: toygres
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels of pods, without what changes with every version: a new label would restart them. */}}
{{- define "toygres.plainPodLabels" -}}
{{ include "toygres.selector" . }}
app.kubernetes.io/part-of: toygres
{{- with (index . 0).Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Image of "api" or "worker". Called with (list $ "component"). */}}
{{- define "toygres.image" -}}
{{- $root := index . 0 -}}
{{- $image := (index $root.Values (index . 1)).image -}}
{{- with $root.Values.image.registry }}{{ . }}/{{ end -}}
{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $root.Values.image.tag | default $root.Chart.AppVersion }}{{ end -}}
{{- end }}

{{- define "toygres.serviceAccount" -}}
{{- $root := index . 0 -}}
{{- $account := (index $root.Values (index . 1)).serviceAccount -}}
{{- if $account.create }}{{ $account.name | default (printf "%s-%s" (include "toygres.fullname" $root) (index . 1)) }}
{{- else }}{{ $account.name | default "default" }}{{ end -}}
{{- end }}

{{/* The build id by which Temporal knows the worker's code. */}}
{{- define "toygres.buildID" -}}
{{- .Values.worker.versioning.buildID | default .Values.worker.image.digest | default .Values.image.tag | default .Chart.AppVersion | replace ":" "-" | trunc 63 -}}
{{- end }}

{{- define "toygres.instanceNamespace" -}}
{{- .Values.instances.namespace | default .Release.Namespace -}}
{{- end }}

{{/* A map as the environment has it: key=value,key=value */}}
{{- define "toygres.pairs" -}}
{{- $pairs := list -}}
{{- range $key, $value := . }}{{ $pairs = append $pairs (printf "%s=%s" $key $value) }}{{ end -}}
{{- join "," $pairs -}}
{{- end }}

{{- define "toygres.publicURL" -}}
{{- if .Values.api.publicURL }}{{ .Values.api.publicURL }}
{{- else if .Values.ingress.enabled }}{{ ternary "https" "http" .Values.ingress.tls.enabled }}://{{ .Values.ingress.host }}
{{- end -}}
{{- end }}

{{/* Host of a Service of ours, called with (list $ "component"): its name, or where there is no DNS the address that
     Kubernetes puts into the environment of pods that start after the Service. */}}
{{- define "toygres.host" -}}
{{- $root := index . 0 -}}
{{- $name := printf "%s-%s" (include "toygres.fullname" $root) (index . 1) -}}
{{- if eq $root.Values.instances.endpoint "address" -}}
$({{ $name | replace "-" "_" | replace "." "_" | upper }}_SERVICE_HOST)
{{- else -}}
{{ $name }}
{{- end -}}
{{- end }}

{{- define "toygres.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "toygres.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "toygres.catalogEnv" -}}
{{- if .Values.catalog.provided.enabled }}
- name: PGPASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .Values.catalog.provided.existingSecret }}
      key: {{ .Values.catalog.provided.passwordKey }}
- name: TOYGRES_CATALOG_URL
  value: postgres://toygres@{{ include "toygres.host" (list . "catalog") }}:5432/toygres?sslmode=disable
{{- else }}
- name: TOYGRES_CATALOG_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.catalog.existingSecret }}
      key: {{ .Values.catalog.urlKey }}
{{- end }}
- name: TOYGRES_LOG_LEVEL
  value: {{ .Values.logLevel }}
{{- end }}

{{/* Providers of OpenID Connect; each has its client secret in a directory of its own. */}}
{{- define "toygres.signInEnv" -}}
{{- range $i, $p := .Values.signIn.providers }}
{{- $env := dict "NAME" $p.name "TITLE" $p.title "ISSUER" $p.issuer "CLIENT_ID" $p.clientID
      "SCOPES" (join "," $p.scopes) "ALLOWED_DOMAINS" (join "," $p.allowedDomains) "VERIFIED_CLAIM" $p.verifiedClaim
      "DEFAULT_ROLE" $p.defaultRole "ROLE_CLAIM" $p.roleClaim }}
{{- if $p.clientSecret }}
{{- $_ := set $env "CLIENT_SECRET_FILE" (printf "/etc/toygres/sign-in/%s/%s" $p.name $p.clientSecret.key) }}
{{- end }}
{{- $roles := list }}
{{- range $value, $role := $p.roles }}
{{- $roles = append $roles (printf "%s:%s" $value $role) }}
{{- end }}
{{- $_ := set $env "ROLES" (join "," $roles) }}
{{- range $name, $value := $env }}
{{- if $value }}
- name: TOYGRES_OIDC_{{ $i }}_{{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "toygres.signInMounts" -}}
{{- range .Values.signIn.providers }}
{{- if .clientSecret }}
- name: sign-in-{{ .name }}
  mountPath: /etc/toygres/sign-in/{{ .name }}
  readOnly: true
{{- end }}
{{- end }}
{{- end }}

{{- define "toygres.signInVolumes" -}}
{{- range .Values.signIn.providers }}
{{- if .clientSecret }}
- name: sign-in-{{ .name }}
  secret: { secretName: {{ .clientSecret.secret }} }
{{- end }}
{{- end }}
{{- end }}

{{- define "toygres.quotaEnv" -}}
{{- if not (kindIs "invalid" .Values.quota.instances) }}
- name: TOYGRES_QUOTA_INSTANCES
  value: {{ .Values.quota.instances | int64 | quote }}
{{- end }}
{{- if not (kindIs "invalid" .Values.quota.storageGiB) }}
- name: TOYGRES_QUOTA_STORAGE_GIB
  value: {{ .Values.quota.storageGiB | int64 | quote }}
{{- end }}
{{- end }}

{{- define "toygres.temporalEnv" -}}
- name: TOYGRES_TEMPORAL_ADDRESS
  value: {{ ternary (printf "%s:7233" (include "toygres.host" (list . "temporal"))) .Values.temporal.address .Values.temporal.provided.enabled | quote }}
- name: TOYGRES_TEMPORAL_NAMESPACE
  value: {{ .Values.temporal.namespace | quote }}
{{- with .Values.temporal }}
{{- if .tls.enabled }}
- name: TOYGRES_TEMPORAL_TLS
  value: "true"
{{- end }}
{{- with .tls.serverName }}
- name: TOYGRES_TEMPORAL_TLS_SERVER_NAME
  value: {{ . | quote }}
{{- end }}
{{- if .tls.caSecret }}
- name: TOYGRES_TEMPORAL_TLS_CA_FILE
  value: /etc/toygres/temporal-ca/{{ .tls.caKey }}
{{- end }}
{{- if .tls.clientSecret }}
- name: TOYGRES_TEMPORAL_TLS_CERT_FILE
  value: /etc/toygres/temporal-client/tls.crt
- name: TOYGRES_TEMPORAL_TLS_KEY_FILE
  value: /etc/toygres/temporal-client/tls.key
{{- end }}
{{- if .apiKey.existingSecret }}
- name: TOYGRES_TEMPORAL_API_KEY_FILE
  value: /etc/toygres/temporal-api-key/{{ .apiKey.key }}
{{- end }}
{{- end }}
{{- end }}

{{/* Whole directories are mounted, never single files, so that a renewed secret arrives. */}}
{{- define "toygres.temporalMounts" -}}
{{- with .Values.temporal }}
{{- if .tls.caSecret }}
- name: temporal-ca
  mountPath: /etc/toygres/temporal-ca
  readOnly: true
{{- end }}
{{- if .tls.clientSecret }}
- name: temporal-client
  mountPath: /etc/toygres/temporal-client
  readOnly: true
{{- end }}
{{- if .apiKey.existingSecret }}
- name: temporal-api-key
  mountPath: /etc/toygres/temporal-api-key
  readOnly: true
{{- end }}
{{- end }}
{{- end }}

{{- define "toygres.temporalVolumes" -}}
{{- with .Values.temporal }}
{{- if .tls.caSecret }}
- name: temporal-ca
  secret:
    secretName: {{ .tls.caSecret }}
    defaultMode: 0440
{{- end }}
{{- if .tls.clientSecret }}
- name: temporal-client
  secret:
    secretName: {{ .tls.clientSecret }}
    defaultMode: 0440
{{- end }}
{{- if .apiKey.existingSecret }}
- name: temporal-api-key
  secret:
    secretName: {{ .apiKey.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- end }}
{{- end }}

{{- define "toygres.providerEnv" -}}
- name: TOYGRES_PROVIDER
  value: kubernetes
{{- $i := .Values.instances }}
{{- $settings := dict
      "NAMESPACE" (include "toygres.instanceNamespace" .)
      "WORKER_NAMESPACE" .Release.Namespace
      "IMAGE_REPOSITORY" $i.imageRepository
      "IMAGES" (include "toygres.pairs" $i.images)
      "PG_DURABLE_IMAGES" (include "toygres.pairs" $i.pgDurableImages)
      "COPY_IMAGE" ($i.copyImage | default (include "toygres.image" (list . "worker")))
      "RUNTIME_REGISTRY" $i.runtimeRegistry
      "PULL_SECRETS" (join "," $i.pullSecrets)
      "STORAGE_CLASS" $i.storageClass
      "ENDPOINT" $i.endpoint
      "CLUSTER_DOMAIN" $i.clusterDomain
      "PUBLIC_DNS_SUFFIX" $i.publicDNSSuffix
      "OPERATOR_CIDRS" (join "," $i.operatorCIDRs)
      "NODE_SELECTOR" (include "toygres.pairs" $i.nodeSelector)
      "TOLERATIONS" (join "," $i.tolerations)
      "VOLUME_PERMISSIONS" (ternary "true" "" $i.volumePermissions)
      "BLOCK_EVICTION" (ternary "true" "" $i.blockEviction)
      "RESERVED_CPU_PERCENT" (toString $i.reservedCPUPercent)
      "PATIENCE" $i.patience }}
{{- range $name, $value := $settings }}
{{- if $value }}
- name: TOYGRES_KUBERNETES_{{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- with .Values.otlpEndpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- end }}

{{/* The containers that prepare the catalog: of hook Jobs, or of the API's pods where the chart brings the catalog, which
     no hook before the installation could reach. Repeating them changes nothing, and migrations take turns. */}}
{{- define "toygres.catalogSteps" -}}
- name: migrate
  image: {{ include "toygres.image" (list . "api") }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [migrate, --wait, 1m]
  env:
    {{- include "toygres.catalogEnv" . | trim | nindent 4 }}
  resources:
    requests: { cpu: 50m, memory: 64Mi }
    limits: { memory: 256Mi }
  securityContext:
    {{- include "toygres.containerSecurity" . | nindent 4 }}
{{- if .Values.admin.existingSecret }}
- name: admin
  image: {{ include "toygres.image" (list . "api") }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [admin, --username, {{ .Values.admin.username | quote }}, --password-file, /etc/toygres/admin/{{ .Values.admin.passwordKey }}]
  env:
    {{- include "toygres.catalogEnv" . | trim | nindent 4 }}
  resources:
    requests: { cpu: 50m, memory: 64Mi }
    limits: { memory: 256Mi }
  volumeMounts:
    - name: admin
      mountPath: /etc/toygres/admin
      readOnly: true
  securityContext:
    {{- include "toygres.containerSecurity" . | nindent 4 }}
{{- end }}
{{- end }}

{{- define "toygres.adminVolume" -}}
{{- if .Values.admin.existingSecret }}
- name: admin
  secret:
    secretName: {{ .Values.admin.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- end }}

{{- define "toygres.temporalStep" -}}
- name: temporal
  image: {{ include "toygres.image" (list . "api") }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [temporal]
  env:
    {{- include "toygres.temporalEnv" . | nindent 4 }}
  resources:
    requests: { cpu: 50m, memory: 64Mi }
    limits: { memory: 256Mi }
  {{- with include "toygres.temporalMounts" . | trim }}
  volumeMounts:
    {{- . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- include "toygres.containerSecurity" . | nindent 4 }}
{{- end }}

{{/* Everything of a pod that API and worker have in common. Called with (list $ "component"). */}}
{{- define "toygres.scheduling" -}}
{{- $root := index . 0 -}}
{{- $values := index $root.Values (index . 1) -}}
serviceAccountName: {{ include "toygres.serviceAccount" . }}
enableServiceLinks: {{ eq $root.Values.instances.endpoint "address" }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "toygres.podSecurity" $root | nindent 2 }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- include "toygres.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}

{{/* On which nodes the pods run that the installation itself needs: those that run the API's image and must not outlast it. */}}
{{- define "toygres.placement" -}}
{{- with .Values.api.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.api.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "toygres.podLabels" -}}
{{- $root := index . 0 -}}
{{- $values := index $root.Values (index . 1) -}}
{{ include "toygres.plainPodLabels" . }}
{{- if $values.serviceAccount.azureClientID }}
azure.workload.identity/use: "true"
{{- end }}
{{- with $values.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What the schema cannot say. */}}
{{- define "toygres.check" -}}
{{- if and (not .Values.catalog.existingSecret) (not .Values.catalog.provided.enabled) }}
{{- fail "\n\nNo catalog: set catalog.existingSecret to the name of a Secret that holds the URL of a PostgreSQL database,\nor, to try Toygres out, catalog.provided.enabled=true. See docs/install-kubernetes.md." }}
{{- end }}
{{- if and .Values.catalog.provided.enabled (not .Values.catalog.provided.existingSecret) }}
{{- fail "\n\nThe provided catalog needs a password: set catalog.provided.existingSecret to the name of a Secret that holds one." }}
{{- end }}
{{- if and (not .Values.temporal.address) (not .Values.temporal.provided.enabled) }}
{{- fail "\n\nNo Temporal: set temporal.address, or, to try Toygres out, temporal.provided.enabled=true. See docs/install-kubernetes.md." }}
{{- end }}
{{- if and .Values.temporal.provided.enabled (not .Values.catalog.provided.enabled) }}
{{- fail "\n\nThe provided Temporal keeps its data in the provided catalog's PostgreSQL: set catalog.provided.enabled=true too." }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) }}
{{- fail "\n\nThe ingress needs a name: set ingress.host." }}
{{- end }}
{{- if and .Values.ingress.tls.clusterIssuer .Values.ingress.tls.issuer }}
{{- fail "\n\nThe certificate can have one issuer: set ingress.tls.clusterIssuer or ingress.tls.issuer." }}
{{- end }}
{{- end }}
