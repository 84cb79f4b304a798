package config

import (
	"fmt"
	"os"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"
)

// fieldsOf returns a struct's fields by YAML key, inline ones included.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		name, rest, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		switch {
		case rest == "inline":
			for k, f := range fieldsOf(v.Field(i)) {
				fields[k] = f
			}
		case name != "-" && name != "":
			fields[name] = v.Field(i)
		}
	}
	return fields
}

// fileSuffix on a secret's key means that the value is the path of a file with the secret in it.
const fileSuffix = "_file"

func secretOf(fields map[string]reflect.Value, key string) (reflect.Value, bool) {
	name, ok := strings.CutSuffix(key, fileSuffix)
	if !ok {
		return reflect.Value{}, false
	}
	field, ok := fields[name]
	return field, ok && field.Type() == secretType
}

// secretFile sets a secret from the file that value names; one newline at the end is not part of it.
func (r *reader) secretFile(section, value *yaml.Node, field reflect.Value, path string) {
	if isNull(value) {
		return
	}
	plainPath := strings.TrimSuffix(path, fileSuffix)
	plainKey := plainPath[strings.LastIndexByte(plainPath, '.')+1:]
	if i := at(section, plainKey); i >= 0 && !isNull(section.Content[i+1]) {
		r.fail(path, value.Line, "%s is given as well", r.written(plainPath))
		return
	}
	if value.Kind != yaml.ScalarNode {
		r.fail(path, value.Line, "want the path of a file, got %s", kindOf(value))
		return
	}
	content, err := os.ReadFile(value.Value)
	if err != nil {
		r.fail(path, value.Line, "could not read the secret: %v", err)
		return
	}
	secret := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	if secret == "" {
		r.fail(path, value.Line, "the file is empty")
		return
	}
	field.SetString(secret)
	r.effect(plainPath, field, value.Line)
}

func (r *reader) unknown(path string, key *yaml.Node, fields map[string]reflect.Value) {
	if why, ok := noEffect[path]; ok {
		r.warn(NoEffect, path, key.Line, why)
		return
	}
	text := "unknown key"
	if near := nearest(key.Value, fields); near != "" {
		text = fmt.Sprintf("unknown key (is it %s?)", near)
	}
	r.warn(UnknownKey, path, key.Line, text)
}

// nearest returns the key that was probably meant: at most two edits away.
func nearest(key string, fields map[string]reflect.Value) string {
	best, name := 3, ""
	for k := range fields {
		if d := edits(key, k); d < best && d < len(k)/2 || d == best && k < name {
			best, name = d, k
		}
	}
	return name
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
