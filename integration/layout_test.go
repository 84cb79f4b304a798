package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/ffegress/ffegress/"

// layers is DESIGN's import line from left to right: a package may import only from layers further
// right. Packages of one layer never import each other.
var layers = [][]string{
	{"cmd/ffegress"},
	{"service/check"},
	{"service"},
	{"service/lease"},
	{"service/session"},
	{"service/admit"},
	{"service/plan", "service/logs"},
	{"service/config"},
	{"rtpfeed/compose"},
	{"rtpfeed/journal"},
	{"rtpfeed", "browser", "outputs"},
	{"browser/screen", "browser/gate", "rtpfeed/clock", "rtpfeed/sound"},
	{"ffpipe/programme"},
	{"ffpipe/workfile"},
	{"ffpipe", "ffpipe/ogg", "ffpipe/mp3", "ffpipe/matroska", "ffpipe/nut", "uploads"},
}

// TestImportsPointRight checks every package of the product, tests excluded.
func TestImportsPointRight(t *testing.T) {
	rank := map[string]int{}
	for i, layer := range layers {
		for _, pkg := range layer {
			rank[pkg] = i
		}
	}
	seen := 0
	for _, line := range goList(t, `{{.ImportPath}} {{join .Imports " "}}`) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], module)
		if strings.HasPrefix(pkg, "integration") {
			continue
		}
		from, ok := rank[pkg]
		if !ok {
			t.Errorf("package %s has no place in the import order", pkg)
			continue
		}
		seen++
		for _, imported := range fields[1:] {
			name, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			if to, ok := rank[name]; !ok || to <= from {
				t.Errorf("%s must not import %s", pkg, name)
			}
		}
	}
	if seen < 5 {
		t.Fatalf("only %d packages seen", seen)
	}
}

// TestPackagesAreDocumented asks every package for its doc.go.
func TestPackagesAreDocumented(t *testing.T) {
	for _, dir := range goList(t, "{{.Dir}}") {
		body, err := os.ReadFile(filepath.Join(dir, "doc.go"))
		if err != nil || !strings.HasPrefix(string(body), "// ") {
			t.Errorf("%s has no package comment in doc.go", dir)
		}
	}
}

// TestFilesStaySmall holds every source file to 500 lines and the median to 150.
func TestFilesStaySmall(t *testing.T) {
	var sizes []int
	for _, dir := range goList(t, "{{.Dir}}") {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			body, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			n := strings.Count(string(body), "\n")
			if n > 500 {
				t.Errorf("%s has %d lines, 500 at most", name, n)
			}
			if !strings.HasSuffix(name, "_test.go") {
				sizes = append(sizes, n)
			}
		}
	}
	small := 0
	for _, n := range sizes {
		if n < 150 {
			small++
		}
	}
	if 2*small < len(sizes) {
		t.Errorf("the median file has 150 lines or more (%d of %d are smaller)", small, len(sizes))
	}
}

func goList(t *testing.T, format string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", format, "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// TestNoExporter: what libraries bring along for tracing has nowhere to go, and nothing of it is in the binary.
func TestNoExporter(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "./cmd/ffegress")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for pkg := range strings.Lines(string(out)) {
		seen++
		if strings.Contains(pkg, "opentelemetry.io/otel/exporters") || strings.Contains(pkg, "go.opentelemetry.io/otel/sdk/trace") {
			t.Errorf("the binary has %s", pkg)
		}
	}
	if seen < 100 {
		t.Errorf("only %d packages seen", seen)
	}
}

// TestQuestions: docs/troubleshooting.md answers what the README of 2022 has among its frequent questions.
func TestQuestions(t *testing.T) {
	body, err := os.ReadFile("../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, question := range []string{
		"Can I store the files locally instead of uploading to cloud storage?",
		"I get a \"no response from servers\" error when sending a request",
		"I get a different error when sending a request",
		"I'm getting a broken (0 byte) mp4 file",
		"I'm seeing GStreamer warnings or errors. Is this normal?",
		"Can I run this without docker?",
	} {
		_, rest, ok := strings.Cut(string(body), "\n## "+question+"\n")
		answer, _, _ := strings.Cut(rest, "\n## ")
		if !ok || len(strings.Fields(answer)) < 20 {
			t.Errorf("no answer to %q", question)
		}
	}
}
