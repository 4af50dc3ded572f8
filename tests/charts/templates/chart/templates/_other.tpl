{{ define "twice" }}second{{ end }}
