{{- define "ffegress.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end -}}
{{- end }}

{{- define "ffegress.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "ffegress.labels" -}}
{{ include "ffegress.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* The configuration, with the paths of secrets in it. A dot in a key goes one level down. */}}
{{- define "ffegress.config" -}}
{{- $config := deepCopy .Values.config }}
{{- if .Values.secret.name }}
{{- range $path, $key := .Values.secret.files }}
{{- $file := printf "/etc/ffegress/secrets/%s" $key }}
{{- $parts := splitList "." $path }}
{{- if eq (len $parts) 1 }}
{{- $_ := set $config $path $file }}
{{- else }}
{{- $section := get $config (first $parts) | default dict }}
{{- $_ := set $section (last $parts) $file }}
{{- $_ := set $config (first $parts) $section }}
{{- end }}
{{- end }}
{{- end }}
{{- if or $config.api_secret ($config.redis).password }}
{{- fail "secrets belong into a Secret: set secret.name and secret.files, and take api_secret and redis.password out of config" }}
{{- end }}
{{- toYaml $config }}
{{- end }}
