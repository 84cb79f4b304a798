package session

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/rtpfeed/journal"
)

func newKept(t *testing.T) *kept {
	t.Helper()
	k := &kept{fs: workfile.OS(), path: filepath.Join(t.TempDir(), journalFile)}
	file, err := workfile.Create(k.fs, nil, k.path)
	if err != nil {
		t.Fatal(err)
	}
	k.log = journal.Start(file, slog.New(slog.DiscardHandler))
	return k
}

// TestJournalIsKept until the recording is no further behind than a kill may cost.
func TestJournalIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKept(t)
		p := &pipeline{log: slog.New(slog.DiscardHandler)}
		p.programme = programme.New(programme.Format{Width: 16, Height: 16, FPS: 30, Video: true, Audio: true}, programme.Options{})
		p.programme.SetDelay(3 * time.Second)
		zero := time.Now()
		p.programme.Start(zero)
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			k.watch(p, zero)
		}()
		time.Sleep(5 * time.Second)
		if !there(k.path) {
			t.Error("the journal is gone while two seconds are held back")
		}
		p.programme.SetDelay(500 * time.Millisecond)
		time.Sleep(time.Second)
		<-gone
		<-k.log.Done()
		if there(k.path) {
			t.Error("the journal stays")
		}
		p.programme.Stop(time.Now())
		<-p.programme.Done()
	})
}

func TestJournalIsDropped(t *testing.T) {
	for name, drop := range map[string]func(k *kept){
		"by the session": func(k *kept) {
			k.drop()
			k.drop()
		},
		"given up": func(k *kept) {
			k.events().Note(&journal.Event{Kind: journal.Closed})
			k.events().Note(&journal.Event{Kind: journal.Closed, At: time.Hour})
			k.watch(&pipeline{}, time.Now())
		},
		"gone already": func(k *kept) {
			if err := os.Remove(k.path); err != nil {
				t.Error(err)
			}
			k.drop()
		},
	} {
		k := newKept(t)
		drop(k)
		<-k.log.Done()
		if there(k.path) {
			t.Errorf("%s: it stays", name)
		}
	}
	var none *kept
	none.drop()
	if none.events() != nil {
		t.Error("there is a journal")
	}
}
