package config

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// LocalOutput says where files of requests may go on this machine, and whose they are.
type LocalOutput struct {
	// Roots are directories; requests may name files below them only. Empty = anywhere.
	Roots []string `yaml:"local_output_roots,omitempty"`
	// Mode and DirMode are octal, "0640"; "" = by the umask.
	Mode    string `yaml:"local_output_mode,omitempty"`
	DirMode string `yaml:"local_output_dir_mode,omitempty"`
	// Owner is "user", "user:group" or ":group", by name or number; "" = who runs ffegress.
	Owner string `yaml:"local_output_owner,omitempty"`
	// Umask is that of the process, octal; "" = as it was started.
	Umask string `yaml:"umask,omitempty"`
}

// Ground is the same as package workfile takes it. It was found to be valid when it was read.
func (c *Config) Ground() workfile.Ground {
	g := workfile.Ground{Work: c.WorkDir, Roots: c.LocalOutput.roots()}
	g.Mode, _ = parseMode(c.LocalOutput.Mode)
	g.FolderMode, _ = parseMode(c.LocalOutput.DirMode)
	g.Owner, _ = parseOwner(c.LocalOutput.Owner)
	return g
}

// UmaskBits is the umask to set; false = it stays as it is.
func (l LocalOutput) UmaskBits() (int, bool) {
	n, err := strconv.ParseUint(l.Umask, 8, 32)
	return int(n), err == nil
}

func (l LocalOutput) roots() (roots []string) {
	for _, root := range l.Roots {
		roots = append(roots, filepath.Clean(root))
	}
	return roots
}

func (l LocalOutput) validate(bad func(string, string, ...any)) {
	for _, root := range l.Roots {
		if !filepath.IsAbs(root) {
			bad("local_output_roots", "want absolute paths, got %q", root)
		}
	}
	for _, m := range []struct{ key, value string }{{"local_output_mode", l.Mode}, {"local_output_dir_mode", l.DirMode}} {
		if _, err := parseMode(m.value); err != nil {
			bad(m.key, "%v", err)
		}
	}
	if _, err := parseOwner(l.Owner); err != nil {
		bad("local_output_owner", "%v", err)
	}
	if n, ok := l.UmaskBits(); l.Umask != "" && (!ok || n > 0o777) {
		bad("umask", "want an octal number up to 0777, got %q", l.Umask)
	}
}

// parseMode reads octal bits as chmod does; "" is 0.
func parseMode(text string) (os.FileMode, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 8, 32)
	if err != nil || n == 0 || n > 0o7777 {
		return 0, fmt.Errorf("want octal permissions such as 0640, got %q", text)
	}
	mode := os.FileMode(n & 0o777)
	for _, special := range []struct {
		bit  uint64
		mode os.FileMode
	}{{0o4000, os.ModeSetuid}, {0o2000, os.ModeSetgid}, {0o1000, os.ModeSticky}} {
		if n&special.bit != 0 {
			mode |= special.mode
		}
	}
	return mode, nil
}

// parseOwner reads "user:group"; nil for "".
func parseOwner(text string) (*workfile.Owner, error) {
	if text == "" {
		return nil, nil
	}
	name, group, _ := strings.Cut(text, ":")
	owner := &workfile.Owner{UID: -1, GID: -1}
	var err error
	if name != "" {
		owner.UID, err = idOf(name, func() (string, error) {
			u, err := user.Lookup(name)
			if err != nil {
				return "", err
			}
			return u.Uid, nil
		})
	}
	if err == nil && group != "" {
		owner.GID, err = idOf(group, func() (string, error) {
			g, err := user.LookupGroup(group)
			if err != nil {
				return "", err
			}
			return g.Gid, nil
		})
	}
	if err != nil || owner.UID < 0 && owner.GID < 0 {
		return nil, fmt.Errorf("want user:group that exist here, by name or number, got %q", text)
	}
	return owner, nil
}

func idOf(name string, lookup func() (string, error)) (int, error) {
	if n, err := strconv.ParseUint(name, 10, 31); err == nil {
		return int(n), nil
	}
	id, err := lookup()
	if err != nil {
		return -1, err
	}
	return strconv.Atoi(id)
}
