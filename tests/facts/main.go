// Answers of Go and Helm themselves, for the tests of relc; `record.sh` builds and runs it.
package main

import (
	"fmt"
	"os"
)

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "functions":
		functions()
	case len(os.Args) == 3 && os.Args[1] == "templates":
		if err := templates(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: facts functions | facts templates DATA <CASES")
		os.Exit(2)
	}
}
