package workfile

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// stranger is a uid that nothing belongs to.
const stranger = 65534

// asStranger runs f on a thread that is neither root nor the owner of anything.
// Whoever is not root stays who he is.
func asStranger(t *testing.T, f func(uid int)) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if os.Geteuid() != 0 {
			f(os.Geteuid())
			done <- nil
			return
		}
		// The raw call is for this thread alone. It stays locked, and so ends with the goroutine, if it can not be
		// root again.
		const keep = ^uintptr(0)
		if _, _, no := unix.RawSyscall(unix.SYS_SETRESUID, keep, stranger, keep); no != 0 {
			done <- no
			return
		}
		f(os.Geteuid())
		if _, _, no := unix.RawSyscall(unix.SYS_SETRESUID, keep, 0, keep); no != 0 {
			done <- no
			return
		}
		runtime.UnlockOSThread()
		done <- nil
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestDeniedNamesBothUsers(t *testing.T) {
	dir, owner := t.TempDir(), os.Geteuid()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	if owner != 0 {
		dir, owner = "/", 0 // nobody else's is at hand
	}
	for _, tt := range []struct {
		name string
		try  func() error
	}{
		{"folder", func() error { return MakeFolder(OS(), filepath.Join(dir, "new", "deep")) }},
		{"folder on a ground", func() error { return MakeFolder(Ground{}.FS(), filepath.Join(dir, "new", "deep")) }},
		{"file", func() error { return Ground{}.Try(dir) }},
		{"work file", func() error { _, err := OS().Create(filepath.Join(dir, "work.mp4")); return err }},
	} {
		asStranger(t, func(uid int) {
			err := tt.try()
			want := fmt.Sprintf("permission denied: %s belongs to uid %d (", dir, owner)
			var denied *DeniedError
			if !errors.As(err, &denied) || !errors.Is(err, iofs.ErrPermission) || !strings.Contains(err.Error(), want) ||
				!strings.HasSuffix(err.Error(), fmt.Sprintf("), ffegress runs as uid %d", uid)) {
				t.Errorf("%s: %v", tt.name, err)
			}
			if err != nil && strings.Count(err.Error(), "belongs to") != 1 {
				t.Errorf("%s: told twice: %v", tt.name, err)
			}
		})
	}
}

func TestDeniedLeavesOtherErrors(t *testing.T) {
	if err := Denied("/x", nil); err != nil {
		t.Error(err)
	}
	if err := Denied("/x", unix.EROFS); err != unix.EROFS {
		t.Error(err)
	}
}
