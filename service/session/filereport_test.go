package session

import (
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/outputs"
)

// TestFileBeganEarlier: the file's beginning is told as it is known in the end.
func TestFileBeganEarlier(t *testing.T) {
	read := time.Unix(1000, 0)
	for _, c := range []struct{ began, want time.Time }{{time.Time{}, read}, {read.Add(-time.Second), read.Add(-time.Second)}} {
		info := &livekit.EgressInfo{FileResults: []*livekit.FileInfo{{}}}
		r := newFileReport(info)
		r.started(read)
		r.ended(outputs.Result{Duration: time.Minute, Began: c.began})
		if f := info.FileResults[0]; f.StartedAt != c.want.UnixNano() || f.EndedAt != c.want.Add(time.Minute).UnixNano() {
			t.Errorf("began %v: started at %d, ended at %d", c.began, f.StartedAt, f.EndedAt)
		}
	}
}
