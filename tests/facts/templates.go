package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/template"
)

// templates answers each line of standard input: a template in which ⏎ stands for a newline, or several files of
// one set, parted by ‖, of which the first is run. What it prints is a JSON list a line: the line, "prints" or
// "error", and the text.
func templates(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var data any
	if err := json.Unmarshal(text, &data); err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		printed, err := answer(strings.ReplaceAll(line, "⏎", "\n"), data)
		if err != nil {
			out.Encode([]string{line, "error", err.Error()})
		} else {
			out.Encode([]string{line, "prints", printed})
		}
	}
	return lines.Err()
}

func answer(text string, data any) (printed string, err error) {
	set := template.New("gotpl").Option("missingkey=zero").Funcs(funcMap())
	for i, file := range strings.Split(text, "‖") {
		if _, err := set.New(fmt.Sprintf("f%d", i)).Parse(file); err != nil {
			return "", err
		}
	}
	var b strings.Builder
	err = set.ExecuteTemplate(&b, "f0", data)
	return b.String(), err
}
