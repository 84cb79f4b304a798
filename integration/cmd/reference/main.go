package main

import (
	"fmt"
	"os"

	"github.com/ffegress/ffegress/integration/reference"
)

func main() {
	text, err := reference.Configuration("service/config")
	if err == nil {
		err = os.WriteFile("docs/configuration.md", text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}
