package image

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// helm is built from its module where it is not installed.
const helm = "helm.sh/helm/v3/cmd/helm@v3.21.4"

// chart renders the Helm chart and compares with what was looked at.
func chart() accept.Case {
	return accept.Case{
		ID: "chart", Title: "`helm template` gives the golden files; secrets among the values are refused",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			root, err := rig.RepoRoot()
			if err != nil {
				return err
			}
			dir := filepath.Join(root, "deploy", "helm")
			for _, c := range []struct {
				golden string
				args   []string
			}{
				{"default.yaml", nil},
				{"full.yaml", []string{"--values", filepath.Join(dir, "golden", "full.values.yaml")}},
			} {
				got, err := template(ctx, dir, c.args...)
				if err != nil {
					return err
				}
				want, err := os.ReadFile(filepath.Join(dir, "golden", c.golden))
				if err != nil {
					return err
				}
				o.Want(bytes.Equal(got, want), "%s differs; if it is right:\n%s", c.golden, got)
				o.Add(c.golden, "%d objects", strings.Count(string(got), "\nkind: "))
			}
			_, err = template(ctx, dir, "--set", "config.api_secret=x")
			o.Want(err != nil && strings.Contains(err.Error(), "secrets belong into a Secret"), "a secret among the values: %v", err)
			return nil
		},
	}
}

// template is `helm template` with the release's name ffegress.
func template(ctx context.Context, dir string, args ...string) ([]byte, error) {
	args = append([]string{"template", "ffegress", dir}, args...)
	cmd := exec.CommandContext(ctx, "helm", args...)
	if _, err := exec.LookPath("helm"); err != nil {
		cmd = exec.CommandContext(ctx, "go", append([]string{"run", helm}, args...)...)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("helm template: %w: %s", err, lastLines(said.String(), 5))
	}
	return text, nil
}
