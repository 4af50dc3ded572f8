{{- define "lib.name" }}lib-of-{{ .Release.Name }}{{ end }}
