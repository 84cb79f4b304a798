package journal

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/ffegress/ffegress/rtpfeed"
)

var events = []Event{
	{Kind: Opened, Side: 2, At: time.Millisecond, About: rtpfeed.Track{SID: "TR_1", Identity: "é", Codec: rtpfeed.VP8, ClockRate: 90000, Width: 640, Muted: true}},
	{Kind: Media, At: time.Second, Came: 2 * time.Second, Unit: rtpfeed.Unit{
		Parts: [][]byte{{1, 2, 3}, {}, bytes.Repeat([]byte{9}, 70_000)}, Timestamp: 1<<32 - 1, Keyframe: true, Lost: 3, Width: 640, Height: 360,
	}},
	{Kind: Media, Track: 1, At: -time.Second, Unit: rtpfeed.Unit{Parts: [][]byte{}}},
	{Kind: Reported, At: 3, Report: rtpfeed.Report{NTP: 1<<64 - 1, RTP: 7}},
	{Kind: Muted, Track: 300}, {Kind: Unmuted}, {Kind: Vacant}, {Kind: Closed, At: time.Hour},
	{Kind: Replaced, About: rtpfeed.Track{SID: "TR_2", Codec: rtpfeed.H264}},
}

func journalOf(all ...Event) (b []byte, ends []int) {
	for i := range all {
		b = Append(b, &all[i])
		ends = append(ends, len(b))
	}
	return b, ends
}

func readAll(t testing.TB, b []byte) (all []Event) {
	t.Helper()
	if err := Read(bytes.NewReader(b), func(e Event) error { all = append(all, e); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRecords(t *testing.T) {
	b, _ := journalOf(events...)
	if got := readAll(t, b); !reflect.DeepEqual(got, events) {
		t.Errorf("got %+v", got)
	}
	stop := errors.New("stop")
	if err := Read(bytes.NewReader(b), func(Event) error { return stop }); err != stop {
		t.Errorf("%v", err)
	}
}

// TestTorn: wherever a journal is cut off or damaged, what is before can be read, and nothing else.
func TestTorn(t *testing.T) {
	b, ends := journalOf(events...)
	check := func(what string, at int, torn []byte) {
		t.Helper()
		whole := 0
		for whole < len(ends) && bytes.HasPrefix(torn, b[:ends[whole]]) {
			whole++
		}
		if got := readAll(t, torn); len(got) != whole {
			t.Errorf("%s %d: %d events, want %d", what, at, len(got), whole)
		}
	}
	for at := 0; at < len(b); at++ {
		if at > 300 && at < len(b)-300 && at%997 > 0 {
			continue
		}
		check("cut off at", at, b[:at])
		check("zeros from", at, append(b[:at:at], make([]byte, 100)...))
		bad := bytes.Clone(b)
		bad[at] ^= 0x40
		check("damaged at", at, bad)
	}
}

func FuzzParse(f *testing.F) {
	for i := range events {
		f.Add(Append(nil, &events[i])[headSize:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := parse(b)
		if err != nil {
			return
		}
		again, err := parse(Append(nil, &e)[headSize:])
		if err != nil || !reflect.DeepEqual(again, e) {
			t.Errorf("%+v becomes %+v (%v)", e, again, err)
		}
	})
}

func FuzzRead(f *testing.F) {
	whole, ends := journalOf(events...)
	f.Add(whole[:ends[0]])
	f.Add(whole[ends[1]:ends[4]])
	f.Add(whole[ends[2] : ends[3]-1])
	f.Fuzz(func(t *testing.T, b []byte) {
		collect := func(b []byte) (all []Event) {
			if err := Read(bytes.NewReader(b), func(e Event) error { all = append(all, e); return nil }); err != nil {
				t.Fatal(err)
			}
			return all
		}
		all := collect(b)
		again, _ := journalOf(all...)
		if got := collect(again); !reflect.DeepEqual(got, all) {
			t.Errorf("%+v becomes %+v", all, got)
		}
	})
}
