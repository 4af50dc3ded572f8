{{ define "l" }}x{{ end }}
