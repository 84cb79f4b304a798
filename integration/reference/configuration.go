package reference

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/ffegress/ffegress/service/config"
)

const head = `# Configuration

Made by ` + "`go run ./integration/cmd/reference`" + ` from service/config; do not edit.

The file is YAML. It is named by ` + "`--config`" + ` or EGRESS_CONFIG_FILE, or is the text of ` + "`--config-body`" + ` or
EGRESS_CONFIG_BODY, which goes first. Durations have units (` + "`30s`, `1h30m`" + `). A secret (*) may be given as
` + "`<key>_file`" + `, the path of a file that has it. Keys that are unknown or without effect are warned of at the start, and errors
in ` + "`ffegress check`" + `. LIVEKIT_CPU_REQUEST says how many cores there are, when it is not those of the machine or its cgroup.
`

// page is the document while it is made.
type page struct {
	bytes.Buffer
	source   *source
	wordless []string
}

// Configuration is docs/configuration.md, by the package in dir.
func Configuration(dir string) ([]byte, error) {
	s, err := readSource(dir)
	if err != nil {
		return nil, err
	}
	conf, err := plainDefaults()
	if err != nil {
		return nil, err
	}
	p := &page{source: s}
	p.WriteString(head)
	p.section("", reflect.ValueOf(conf).Elem())
	if len(p.wordless) > 0 {
		return nil, fmt.Errorf("fields of package config without a comment: %s", strings.Join(p.wordless, ", "))
	}
	return p.Bytes(), nil
}

// plainDefaults are those of an empty file in an empty environment.
func plainDefaults() (*config.Config, error) {
	for _, name := range []string{"LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "LIVEKIT_WS_URL"} {
		if value, ok := os.LookupEnv(name); ok {
			defer os.Setenv(name, value)
			os.Unsetenv(name)
		}
	}
	conf, _, err := config.Load(nil)
	return conf, err
}

// nested stands for the keys of a store in the debug section.
const nested = "prefix … alioss"

// deeper is a section that has a table of its own.
type deeper struct {
	path  string
	value reflect.Value
}

// section writes a table, and those of the sections in it.
func (p *page) section(path string, v reflect.Value) {
	var rows bytes.Buffer
	below := p.rows(&rows, path, v)
	if rows.Len() > 0 {
		title := "Top level"
		if path != "" {
			title = "`" + strings.TrimSuffix(path, ".") + "`"
		}
		fmt.Fprintf(p, "\n## %s\n\n", title)
		if others := p.source.spellings(strings.TrimSuffix(path, ".")); len(others) > 0 {
			fmt.Fprintf(p, "Also read as `%s`.\n\n", strings.Join(others, "`, `"))
		}
		fmt.Fprintf(p, "| key | default | what it does |\n|---|---|---|\n%s", rows.Bytes())
	}
	for _, d := range below {
		p.section(d.path, d.value)
	}
}

func (p *page) rows(w *bytes.Buffer, path string, v reflect.Value) (below []deeper) {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		name, rest, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		at, value := path+name, v.Field(i)
		kind := f.Type
		if kind.Kind() == reflect.Pointer && kind.Elem().Kind() == reflect.Struct {
			kind = kind.Elem()
		}
		switch {
		case name == "-":
		case kind == reflect.TypeFor[config.Storage]() && path == "" && at != "storage", kind == reflect.TypeFor[config.Storage]() && t == reflect.TypeFor[config.Debug]():
			if name == "" {
				name = nested
			}
			p.row(w, t, f, name, path+name, "")
		case rest == "inline":
			below = append(below, p.rows(w, path, value)...)
		case kind.Kind() == reflect.Struct:
			if f.Type.Kind() == reflect.Pointer {
				value = reflect.New(kind).Elem()
			}
			below = append(below, deeper{at + ".", value})
		default:
			p.row(w, t, f, name, at, shown(at, value))
		}
	}
	return below
}

func (p *page) row(w *bytes.Buffer, t reflect.Type, f reflect.StructField, name, path, standard string) {
	words := p.source.comment(t.Name(), f.Name)
	if words == "" {
		p.wordless = append(p.wordless, t.Name()+"."+f.Name)
	}
	star := ""
	if f.Type == reflect.TypeFor[config.Secret]() {
		star = "*"
	}
	if env := f.Tag.Get("env"); env != "" {
		standard = env
	}
	if p.source.none(path) {
		words += ". **No effect**"
	}
	if others := p.source.spellings(path); len(others) > 0 {
		words += "; also read as `" + strings.Join(others, "`, `") + "`"
	}
	fmt.Fprintf(w, "| `%s`%s | %s | %s |\n", name, star, standard, words)
}

// shown is a default as it would be written.
func shown(path string, v reflect.Value) string {
	switch {
	case path == "work_dir":
		return "/var/lib/ffegress, or ~/.local/state/ffegress"
	case path == "template_base":
		return "the built-in page"
	case v.Kind() == reflect.Map, v.Kind() == reflect.Slice, v.Kind() == reflect.Pointer, v.Kind() == reflect.String && v.Len() == 0:
		return ""
	case v.Type() == reflect.TypeFor[time.Duration]():
		return short(time.Duration(v.Int()).String())
	}
	return fmt.Sprint(v.Interface())
}

// short leaves zeros out: 1h0m0s is 1h.
func short(d string) string {
	if strings.HasSuffix(d, "m0s") {
		d = strings.TrimSuffix(d, "0s")
	}
	if strings.HasSuffix(d, "h0m") {
		d = strings.TrimSuffix(d, "0m")
	}
	return d
}
