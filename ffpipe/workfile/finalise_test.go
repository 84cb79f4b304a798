package workfile

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
)

// A run that fails, or says wrongly that it did not, leaves all as it was.
func TestFinaliseFails(t *testing.T) {
	tests := []struct {
		name, ffmpeg, fake string
		text               string
	}{
		{"ffmpeg fails", "/proc/self/exe", "fail", "finalise room.mp4: finalise: exit code 1: No space left on device"},
		{"ffmpeg lies", "/proc/self/exe", "half", "finalise room.mp4: finalised file: "},
		{"ffmpeg writes nothing", "/bin/true", "", "finalise room.mp4: open finalised file: "},
		{"no ffmpeg", "/nonexistent/ffmpeg", "", "finalise room.mp4: start finalise: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			work, data := recordedFile(t)
			target := filepath.Join(filepath.Dir(work), "room.mp4")
			if err := os.WriteFile(target, []byte("an older one"), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv(fakeMode, tt.fake)
			err := Finalise(context.Background(), Finaliser{FFmpeg: tt.ffmpeg}, work, target)
			if err == nil || !strings.HasPrefix(err.Error(), tt.text) {
				t.Errorf("err = %v", err)
			}
			if tt.fake == "fail" && ffpipe.ErrorOf(err) == nil {
				t.Errorf("%v is no *ExitError", err)
			}
			if got, err := os.ReadFile(work); err != nil || !bytes.Equal(got, data) {
				t.Errorf("the work file changed (%v)", err)
			}
			if got, err := os.ReadFile(target); err != nil || string(got) != "an older one" {
				t.Errorf("the target is %q (%v)", got, err)
			}
			noTemporaries(t, filepath.Dir(target), 2)
		})
	}
}

func TestFinaliseCancelled(t *testing.T) {
	work, _ := recordedFile(t)
	target := filepath.Join(filepath.Dir(work), "room.mp4")
	t.Setenv(fakeMode, "stall")
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- Finalise(ctx, Finaliser{FFmpeg: "/proc/self/exe"}, work, target) }()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(Temporary(work, target)); err == nil {
			break
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the run does not begin")
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	noTemporaries(t, filepath.Dir(target), 1)
}

// Each disk operation fails in turn: the target is whole or not there, and the
// work file is there.
func TestFinaliseOnABadDisk(t *testing.T) {
	fragment := fragmentOf(rand.New(rand.NewPCG(1, 2)), 1000)
	var nice []byte
	run := func(failing int) (*disk, int, error) {
		d := memory(append(initSegment(), fragment...))
		ops := 0
		d.fail = func(op, _ string) (int, error) {
			if op == "remove" || op == "write" { // the first is the cleaning up itself; the second fails below
				return 0, nil
			}
			if ops++; ops == failing {
				return 0, syscall.EIO
			}
			return 0, nil
		}
		err := Finalise(context.Background(), Finaliser{FS: d, remux: fakeRemux(d, &nice)}, workPath, targetPath)
		return d, ops, err
	}
	_, ops, err := run(0)
	if err != nil {
		t.Fatal(err)
	}
	for failing := 1; failing <= ops; failing++ {
		d, _, err := run(failing)
		if !errors.Is(err, syscall.EIO) {
			t.Errorf("failure %d: err = %v", failing, err)
		}
		if n := d.names[targetPath]; n != nil && !bytes.Equal(n.synced, nice) {
			t.Errorf("failure %d: the target is not whole", failing)
		}
		if d.names[workPath] == nil || d.names[Temporary(workPath, targetPath)] != nil {
			t.Errorf("failure %d: files: %v", failing, d.names)
		}
	}
}

func TestFinaliseChecksWhatWasMade(t *testing.T) {
	media := bytes.Repeat([]byte{1}, 1000)
	tests := []struct {
		name string
		made []byte
		text string
	}{
		{"empty", nil, "0 bytes of media of 1000"},
		{"no media", mp4box("moov"), "0 bytes of media of 1000"},
		{"media first", append(mp4box("mdat", media), mp4box("moov")...), "before its index"},
		{"too little", append(mp4box("moov"), mp4box("mdat", media[1:])...), "999 bytes of media of 1000"},
		{"torn", append(mp4box("moov"), mp4box("mdat", media)[:900]...), "damaged box"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := memory(append(initSegment(), fragmentOf(rand.New(rand.NewPCG(1, 2)), 1000)...))
			f := Finaliser{FS: d, remux: func(_ context.Context, _, out string) error {
				o, err := d.Create(out)
				if err != nil {
					return err
				}
				_, err = o.Write(tt.made)
				return err
			}}
			err := Finalise(context.Background(), f, workPath, targetPath)
			if err == nil || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("err = %v", err)
			}
			if len(d.names) != 1 {
				t.Errorf("files: %v", d.names)
			}
		})
	}
	d := memory(initSegment())
	if err := Finalise(context.Background(), Finaliser{FS: d}, workPath, targetPath); !errors.Is(err, ErrEmpty) {
		t.Errorf("nothing recorded: %v", err)
	}
}

func TestTemporary(t *testing.T) {
	name := Temporary("/w/a.mp4", "/out/"+strings.Repeat("ä", 120)+".mp4")
	if dir, base := filepath.Split(name); dir != "/out/" || base[0] != '.' || len(base) > 30 {
		t.Errorf("%q", name)
	}
	if name != Temporary("/w/a.mp4", "/out/"+strings.Repeat("ä", 120)+".mp4") || Temporary("a", "b") == Temporary("b", "a") {
		t.Error("not a function of both names")
	}
}
