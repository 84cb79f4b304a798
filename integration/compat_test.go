package integration

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ffegress/ffegress/integration/issues"
	"github.com/ffegress/ffegress/service/config"
)

// open are the rows of compat.md that nothing shows, with the reason that the row gives.
var open = map[string]string{}

// row is a line of compat.md: what of LiveKit Egress' behaviour, or of the README of 2022, is meant, and what shows it.
type row struct{ id, says, shown string }

// TestCompat: every id has its row and every row a test that exists, or stands among those that are open.
func TestCompat(t *testing.T) {
	body := read(t, "compat.md")
	rows := map[string]row{}
	for line := range strings.Lines(body) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) != 3 {
			continue
		}
		r := row{strings.Trim(cells[0], " `"), strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])}
		if r.id == "id" {
			continue
		}
		if _, twice := rows[r.id]; twice {
			t.Errorf("%s has two rows", r.id)
		}
		rows[r.id] = r
	}
	ids := append(strings.Fields(read(t, "testdata/compat.ids")), configKeys()...)
	for _, id := range ids {
		if _, ok := rows[id]; !ok {
			t.Errorf("%s has no row in compat.md", id)
		}
	}
	known := tests(t)
	for _, r := range rows {
		if !slices.Contains(ids, r.id) {
			t.Errorf("%s: the row is neither in testdata/compat.ids nor a key of the configuration", r.id)
		}
		if len(r.says) < 6 {
			t.Errorf("%s: what does it say?", r.id)
		}
		why, isOpen := open[r.id]
		if said, ok := strings.CutPrefix(r.shown, "open: "); ok || isOpen {
			if said != why {
				t.Errorf("%s is open because %q, and by the list because %q", r.id, said, why)
			}
			continue
		}
		for name := range strings.SplitSeq(r.shown, "; ") {
			if err := known.find(name); err != nil {
				t.Errorf("%s: %v", r.id, err)
			}
		}
	}
	for id := range open {
		if _, ok := rows[id]; !ok {
			t.Errorf("%s is open and has no row", id)
		}
	}
	if want := fmt.Sprintf("%d rows; open: %d.", len(rows), len(open)); !strings.Contains(body, want) {
		t.Errorf("the head of compat.md does not say %q", want)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	body, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// shows is what may stand in the last column: tests by "package.Name", each with the words in it, and "accept ISSUE/case".
type shows struct {
	tests map[string][]string
	files map[string][]string // of a package's testdata
	cases []string
}

// quoted is a test's name with the name of one of its cases.
var quoted = regexp.MustCompile(`^(\S+) "(.+)"$`)

// find tells whether there is such a test, and such a case in it.
func (s shows) find(name string) error {
	if id, ok := strings.CutPrefix(name, "accept "); ok {
		if !slices.Contains(s.cases, id) {
			return fmt.Errorf("there is no acceptance case %s", id)
		}
		return nil
	}
	test, sub := name, ""
	if m := quoted.FindStringSubmatch(name); m != nil {
		test, sub = m[1], m[2]
	}
	words, ok := s.tests[test]
	if !ok {
		return fmt.Errorf("there is no test %s", test)
	}
	pkg := test[:strings.LastIndexByte(test, '.')]
	if sub != "" && !slices.Contains(words, sub) && !slices.Contains(s.files[pkg], sub) {
		return fmt.Errorf("%s has no case %q", test, sub)
	}
	return nil
}

// tests are all tests of the module and all acceptance cases.
func tests(t *testing.T) shows {
	t.Helper()
	s := shows{tests: map[string][]string{}, files: map[string][]string{}}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel("..", path)
		if err != nil {
			return err
		}
		pkg, _, isData := strings.Cut(filepath.ToSlash(filepath.Dir(rel)), "/testdata")
		switch {
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "dist" || strings.HasPrefix(d.Name(), ".") && rel != "."):
			return fs.SkipDir
		case isData:
			s.files[pkg] = append(s.files[pkg], d.Name())
			return nil
		case d.IsDir() || !strings.HasSuffix(rel, "_test.go"):
			return nil
		}
		return s.parse(path, filepath.ToSlash(filepath.Dir(rel)))
	})
	if err != nil {
		t.Fatal(err)
	}
	for issue, cases := range issues.Cases {
		for _, c := range cases() {
			s.cases = append(s.cases, issue+"/"+c.ID)
		}
	}
	return s
}

// parse adds the tests of a file.
func (s shows) parse(path, pkg string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, d := range file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Test") && !strings.HasPrefix(fn.Name.Name, "Fuzz") {
			continue
		}
		words := []string{}
		ast.Inspect(fn, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil {
					words = append(words, text)
				}
			}
			return true
		})
		s.tests[pkg+"."+fn.Name.Name] = words
	}
	return nil
}

// TestCompatFinds: a name that is wrong is seen to be so.
func TestCompatFinds(t *testing.T) {
	known := tests(t)
	for name, there := range map[string]bool{
		"service/plan.TestFileNames":                 true,
		`service/plan.TestFileNames "../../etc/a"`:   true,
		`service/plan.TestFileNames "no such case"`:  false,
		`service/plan.TestPlans "room.default.txt"`:  true,
		`service/plan.TestPlans "room.nothing.txt"`:  false,
		"service/plan.TestNothing":                   false,
		"plan.TestFileNames":                         false,
		"accept A/drain":                             true,
		"accept A/drains":                            false,
		"accept Z/drain":                             false,
		"":                                           false,
		"service/plan.TestFileNames, accept A/drain": false,
		`service/plan.TestFileNames "`:               false,
		"integration.TestCompatFinds":                true,
		"integration.read":                           false,
	} {
		if err := known.find(name); (err == nil) != there {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// configKeys are the ids of all keys of the configuration, "key:redis.address". Sections that have the same type as
// another one have no rows of their own.
func configKeys() []string {
	var keys []string
	var walk func(reflect.Type, string)
	walk = func(typ reflect.Type, path string) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, rest, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			at := path + name
			switch {
			case rest == "inline" && typ == reflect.TypeFor[config.Debug](): // the storage section's
			case rest == "inline":
				walk(inner, path)
			case name == "-":
			case inner.Kind() == reflect.Struct && (at == "backup"):
				keys = append(keys, "key:"+at)
			case inner.Kind() == reflect.Struct && at != "" && name != "":
				walk(inner, at+".")
			default:
				keys = append(keys, "key:"+at)
			}
		}
	}
	walk(reflect.TypeFor[config.Config](), "")
	slices.SortFunc(keys, func(a, b string) int { return cmp.Compare(a, b) })
	return keys
}
