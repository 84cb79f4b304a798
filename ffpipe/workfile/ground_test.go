package workfile

import (
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestGround(t *testing.T) {
	dir := t.TempDir()
	root, outside := filepath.Join(dir, "root"), filepath.Join(dir, "outside")
	for _, d := range []string{filepath.Join(root, "a"), outside, filepath.Join(dir, "egresses")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"out": outside, "in": filepath.Join(root, "a"), "dangling": filepath.Join(dir, "nowhere")} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(root, filepath.Join(dir, "alias")); err != nil {
		t.Fatal(err)
	}
	g := Ground{Roots: []string{root, filepath.Join(dir, "alias")}, Work: filepath.Join(dir, "egresses")}
	for _, tt := range []struct {
		path string
		ok   bool
	}{
		{root + "/x.mp4", true},
		{root + "/a/x.mp4", true},
		{root + "/new/deep/x.mp4", true},
		{root + "/..x/x.mp4", true},
		{root, true},
		{dir + "/alias/x.mp4", true}, // the root itself
		{dir + "/egresses/EG_1/x.mp4", true},
		{dir + "/x.mp4", false},
		{dir + "/root2/x.mp4", false},
		{outside + "/x.mp4", false},
		{root + "/../outside/x.mp4", false},
		{root + "/out/x.mp4", false},
		{root + "/in/x.mp4", false},
		{root + "/out", false},
		{root + "/dangling/x.mp4", false},
		{"relative/x.mp4", false},
		{"/etc/passwd", false},
		{"/", false},
	} {
		if err := g.Check(tt.path); (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrGround) {
			t.Errorf("%s: %v, want ok: %v", tt.path, err, tt.ok)
		}
		if err := (Ground{}).Check(tt.path); err != nil {
			t.Errorf("without roots: %v", err)
		}
	}
	if err := g.Try(filepath.Join(root, "out", "new")); !errors.Is(err, ErrGround) {
		t.Errorf("%v", err)
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("made outside: %v, %v", left, err)
	}
}

// TestGroundFollowsChanges: a link that came since the folder was checked is seen when the file gets its name.
func TestGroundFollowsChanges(t *testing.T) {
	dir := t.TempDir()
	root, outside := filepath.Join(dir, "root"), filepath.Join(dir, "outside")
	g := Ground{Roots: []string{root}}
	if err := g.Try(filepath.Join(root, "a")); err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(dir, "work.mp4")
	if err := os.WriteFile(work, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(outside, 0o755), os.Remove(filepath.Join(root, "a")), os.Symlink(outside, filepath.Join(root, "a"))); err != nil {
		t.Fatal(err)
	}
	if err := Deliver(g.FS(), work, filepath.Join(root, "a", "x.mp4")); !errors.Is(err, ErrGround) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(outside, "x.mp4")); !errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("it went through the link: %v", err)
	}
	if _, err := os.Stat(work); err != nil {
		t.Errorf("the recording is gone: %v", err)
	}
}

func TestGroundModes(t *testing.T) {
	dir := t.TempDir()
	g := Ground{Work: filepath.Join(dir, "egresses"), Mode: 0o640, FolderMode: 0o770 | os.ModeSetgid, Owner: &Owner{UID: -1, GID: os.Getgid()}}
	fs := g.FS()
	for _, tt := range []struct {
		folder       string
		mode, within os.FileMode
	}{
		{filepath.Join(dir, "out", "new"), 0o640, 0o770},
		{filepath.Join(dir, "egresses", "new"), 0o600, folderMode},
	} {
		if err := MakeFolder(fs, tt.folder); err != nil {
			t.Fatal(err)
		}
		made, target := filepath.Join(dir, "made"), filepath.Join(tt.folder, "x.mp4")
		if err := os.WriteFile(made, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Deliver(fs, made, target); err != nil {
			t.Fatal(err)
		}
		file, err := os.Stat(target)
		if err != nil || file.Mode().Perm() != tt.mode {
			t.Errorf("%s: %v, %v", target, file.Mode(), err)
		}
		folder, err := os.Stat(tt.folder)
		if err != nil || folder.Mode().Perm() != tt.within {
			t.Errorf("%s: %v, %v", tt.folder, folder.Mode(), err)
		}
	}
	if os.Getuid() != 0 { // a user cannot give files away
		g.Owner = &Owner{UID: 0, GID: 0}
		if err := g.Try(dir); !errors.Is(err, iofs.ErrPermission) {
			t.Errorf("%v", err)
		}
	}
}
