package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"text/template"

	_ "unsafe" // for linkname: Helm does not export its map of functions

	_ "helm.sh/helm/v4/pkg/engine"
)

//go:linkname funcMap helm.sh/helm/v4/pkg/engine.funcMap
func funcMap() template.FuncMap

// functions prints what Helm gives to templates: a name and its Go type a line, sorted.
func functions() {
	all := funcMap()
	// A render replaces the placeholder by a function of this type.
	all["tpl"] = func(string, any) (string, error) { return "", nil }
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Println(name, reflect.TypeOf(all[name]))
	}
}
