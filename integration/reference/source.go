package reference

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// source is what the text of package config says beside what its types do.
type source struct {
	fields  map[string]map[string]string // struct → field → comment
	names   map[string]map[string]string // struct → field → key
	other   map[string][]string          // today's key → other spellings
	noWords map[string]bool              // keys without effect
}

func readSource(dir string) (*source, error) {
	fset := token.NewFileSet()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	s := &source{
		fields: map[string]map[string]string{}, names: map[string]map[string]string{},
		other: map[string][]string{}, noWords: map[string]bool{},
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				if t, ok := n.Type.(*ast.StructType); ok {
					s.structure(fset, n.Name.Name, t)
				}
			case *ast.ValueSpec:
				if len(n.Names) == 1 && len(n.Values) == 1 {
					s.table(n.Names[0].Name, n.Values[0])
				}
			}
			return true
		})
	}
	if len(s.other) == 0 || len(s.noWords) == 0 {
		return nil, fmt.Errorf("package config has changed: %d other names, %d keys without effect", len(s.other), len(s.noWords))
	}
	return s, nil
}

// structure reads comments. One is that of all fields up to the next comment or empty line.
func (s *source) structure(fset *token.FileSet, name string, t *ast.StructType) {
	comments, keys := map[string]string{}, map[string]string{}
	text, last := "", 0
	for _, f := range t.Fields.List {
		start := fset.Position(f.Pos()).Line
		if f.Doc != nil {
			text = strings.Join(strings.Fields(f.Doc.Text()), " ")
		} else if start > last+1 {
			text = ""
		}
		last = fset.Position(f.End()).Line
		field := nameOf(f)
		if field == "" || f.Tag == nil {
			continue
		}
		comments[field] = text
		if f.Comment != nil {
			comments[field] = strings.Join(strings.Fields(f.Comment.Text()), " ")
		}
		if m := yamlName.FindStringSubmatch(f.Tag.Value); m != nil {
			keys[field] = m[1]
		}
	}
	s.fields[name], s.names[name] = comments, keys
}

// nameOf is a field's, or its type's if it is embedded.
func nameOf(f *ast.Field) string {
	if len(f.Names) == 1 {
		return f.Names[0].Name
	}
	if id, ok := f.Type.(*ast.Ident); ok && len(f.Names) == 0 {
		return id.Name
	}
	return ""
}

var yamlName = regexp.MustCompile(`yaml:"([a-z0-9_]+)`)

// table reads the tables of other spellings and of keys without effect.
func (s *source) table(name string, value ast.Expr) {
	lit, ok := value.(*ast.CompositeLit)
	if !ok {
		return
	}
	for _, e := range lit.Elts {
		switch e := e.(type) {
		case *ast.CompositeLit:
			if name == "aliases" && len(e.Elts) == 2 {
				s.other[text(e.Elts[1])] = append(s.other[text(e.Elts[1])], text(e.Elts[0]))
			}
		case *ast.KeyValueExpr:
			if name == "noEffect" {
				s.noWords[text(e.Key)] = true
			}
		}
	}
}

func text(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return s
}

// word finds Go's names in comments.
var word = regexp.MustCompile(`\b[A-Z][A-Za-z0-9]+\b`)

// humped are those that are no words of English.
var humped = regexp.MustCompile(`[a-z][A-Z]|(Key|URL|Secret)$`)

// comment is a field's, with the keys of its struct in the place of Go's names.
func (s *source) comment(structure, field string) string {
	text := s.fields[structure][field]
	text = word.ReplaceAllStringFunc(text, func(w string) string {
		if key, ok := s.names[structure][w]; ok && (humped.MatchString(w) || strings.HasPrefix(text, w)) {
			return "`" + key + "`"
		}
		return w
	})
	own := "`" + s.names[structure][field] + "` "
	for _, verb := range []string{"is ", "are "} {
		text = strings.TrimPrefix(text, own+verb)
	}
	return strings.ReplaceAll(strings.TrimSuffix(text, "."), "|", `\|`)
}

// none tells whether a key, or its section, has no effect.
func (s *source) none(path string) bool {
	section, _, _ := strings.Cut(path, ".")
	return s.noWords[path] || s.noWords[section]
}

func (s *source) spellings(path string) []string { return slices.Sorted(slices.Values(s.other[path])) }
