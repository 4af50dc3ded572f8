{{/* a comment */}}
{{- define "name" -}}
{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- end -}}
{{ define "twice" }}first{{ end }}
