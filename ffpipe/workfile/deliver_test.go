package workfile

import (
	"bytes"
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestDeliver(t *testing.T) {
	for _, devices := range []bool{false, true} {
		d := memory([]byte("playable"))
		d.devices = devices
		d.names[workPath].synced = nil // by a process that died
		// A copy that an earlier try left.
		d.names[Temporary(workPath, targetPath)] = &inode{data: []byte("half")}
		if !devices {
			delete(d.names, Temporary(workPath, targetPath))
		}
		if err := Deliver(d, workPath, targetPath); err != nil {
			t.Fatal(err)
		}
		after := d.reboot()
		if n := after.names[targetPath]; n == nil || string(n.data) != "playable" || len(after.names) != 1 {
			t.Errorf("devices %v: after a cut: %v", devices, after.names)
		}
	}
}

func TestDeliverFails(t *testing.T) {
	// Each operation of a delivery fails in turn.
	for _, devices := range []bool{false, true} {
		run := func(failing int) (*disk, int, error) {
			d := memory([]byte("playable"))
			d.devices = devices
			ops := 0
			d.fail = func(op, _ string) (int, error) {
				if op == "write" { // asked twice for one write: once before it, once in it
					if ops+1 == failing {
						ops++
						return 3, syscall.ENOSPC
					}
					return 0, nil
				}
				if ops++; ops == failing {
					return 0, syscall.EIO
				}
				return 0, nil
			}
			err := Deliver(d, workPath, targetPath)
			return d, ops, err
		}
		_, ops, err := run(0)
		if err != nil {
			t.Fatal(err)
		}
		for failing := 1; failing <= ops; failing++ {
			d, _, err := run(failing)
			target := d.names[targetPath]
			if target != nil && string(target.data) != "playable" {
				t.Errorf("devices %v, failure %d: target %q", devices, failing, target.data)
			}
			if target == nil && (d.names[workPath] == nil || string(d.names[workPath].data) != "playable") {
				t.Errorf("devices %v, failure %d: nothing is left", devices, failing)
			}
			if err == nil && target == nil {
				t.Errorf("devices %v, failure %d: no error and no target", devices, failing)
			}
			if err != nil && !errors.Is(err, syscall.EIO) && !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("devices %v, failure %d: err = %v", devices, failing, err)
			}
		}
	}
	for _, content := range [][]byte{nil, {}} {
		d := memory(content)
		if err := Deliver(d, workPath, targetPath); !errors.Is(err, ErrEmpty) || d.names[targetPath] != nil {
			t.Errorf("empty: %v", err)
		}
	}
	if err := Deliver(newDisk(0, 0), workPath, targetPath); !errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("no work file: %v", err)
	}
}

func TestDeliverOnTheSystem(t *testing.T) {
	dir := t.TempDir()
	work, target := filepath.Join(dir, "work"), filepath.Join(dir, "target")
	if err := os.WriteFile(work, []byte("media"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Deliver(OS(), work, target); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(target); err != nil || !bytes.Equal(got, []byte("media")) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := os.Stat(work); !errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("the work file: %v", err)
	}
}
