package browser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSocketsGetAShortPath(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 20))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", long)
	d, err := makeDirs(filepath.Join(long, "browser"))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.work) > longestDir {
		t.Errorf("%s has %d bytes, %d at most", d.work, len(d.work), longestDir)
	}
	if err := d.remove(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{d.work, d.asked} {
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", dir, err)
		}
	}
	if left, _ := os.ReadDir(long); len(left) > 0 {
		t.Errorf("left in TMPDIR: %v", left)
	}
}
