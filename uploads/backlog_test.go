package uploads

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestBacklog(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{put: failing}
		b := newBench(t, home, "secret", store)
		tried := make(chan error, 8)
		b.o.Tried = func(d Debt, err error, _ time.Duration) {
			if d.Egress != "EG_x" {
				t.Errorf("%+v", d)
			}
			tried <- err
		}
		if len(b.Backlog()) != 0 {
			t.Errorf("%+v before anything is owed", b.Backlog())
		}
		added := time.Now()
		b.owe("0", "a.mp4", "four")
		time.Sleep(time.Second)
		last := b.owe("1", "b.mp4", "sixsix")
		got := b.Backlog()["EG_x"]
		if got.Files != 2 || got.Bytes != 10 || !got.Oldest.Equal(added) || got.Tries != 0 {
			t.Errorf("%+v", got)
		}
		b.run()
		if err := <-tried; err == nil {
			t.Error("a failed try is told as a success")
		}
		if err := <-tried; err == nil {
			t.Error("a failed try is told as a success")
		}
		synctest.Wait()
		if got := b.Backlog()["EG_x"]; got.Tries != 2 {
			t.Errorf("%+v after a failed try of each", got)
		}
		store.does(nil)
		if _, err := last.Wait(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		<-b.Idle()
		if err := <-tried; err != nil {
			t.Errorf("a success is told as %v", err)
		}
		if len(b.Backlog()) != 0 {
			t.Errorf("%+v after all was paid", b.Backlog())
		}
		b.stop()
	})
}
