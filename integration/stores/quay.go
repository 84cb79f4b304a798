package stores

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/page"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// The prefixes tell the two stores' objects apart.
const (
	firstPrefix  = "first"
	secondPrefix = "second"
)

// quay is a lab whose recorder has a store and a backup.
type quay struct {
	*lab.Lab
	store, backup *depot
	pages         *page.Server
	dir           string // of the stores' objects
}

// reportAfter is how long an upload may be owed before its egress has failed.
const reportAfter = 40 * time.Second

func newQuay(ctx context.Context, store, backup opener) (*quay, error) {
	dir, err := os.MkdirTemp("", "quay-*")
	if err != nil {
		return nil, err
	}
	q := &quay{dir: dir}
	if err := q.start(ctx, store, backup); err != nil {
		return nil, errors.Join(err, q.close())
	}
	return q, nil
}

func (q *quay) start(ctx context.Context, store, backup opener) (err error) {
	if q.store, err = store(ctx, q.dir); err != nil {
		return err
	}
	if q.backup, err = backup(ctx, q.dir); err != nil {
		return err
	}
	section := func(d *depot, prefix string) map[string]any {
		out := maps.Clone(d.section)
		out["prefix"] = prefix
		return out
	}
	var env []string
	for _, d := range []*depot{q.store, q.backup} {
		for name, value := range d.env {
			env = append(env, name+"="+value)
		}
	}
	q.Lab, err = lab.New(ctx, lab.Options{Name: "stores", Rig: rig.Options{Env: env, Config: map[string]any{
		"browser_pool": 0, "upload_report_deadline": reportAfter.String(),
		"storage": section(q.store, firstPrefix), "backup_storage": section(q.backup, secondPrefix),
	}}})
	if err != nil {
		return err
	}
	q.pages, err = lab.ServePages(ctx, publish.Size{Width: 320, Height: 180})
	return err
}

func (q *quay) close() error {
	if q.pages != nil {
		q.pages.Close()
	}
	var err error
	if q.Lab != nil {
		err = q.Lab.Close()
	}
	for _, d := range []*depot{q.store, q.backup} {
		if d != nil {
			d.stop()
		}
	}
	return errors.Join(err, os.RemoveAll(q.dir))
}

// in runs part of a case on a quay of its own.
func in(ctx context.Context, store, backup opener, run func(*quay) error) error {
	q, err := newQuay(ctx, store, backup)
	if err != nil {
		return err
	}
	return errors.Join(run(q), q.close())
}

// record begins a Web egress into a file of that name and, if a playlist is named, segments of 2 s.
func (q *quay) record(ctx context.Context, name, playlist string) (*lab.Recording, error) {
	req := &livekit.WebEgressRequest{Url: q.pages.URL, FileOutputs: []*livekit.EncodedFileOutput{{Filepath: name}}}
	if playlist != "" {
		req.SegmentOutputs = []*livekit.SegmentedFileOutput{{
			FilenamePrefix: strings.TrimSuffix(playlist, ".m3u8"), PlaylistName: playlist, SegmentDuration: 2,
		}}
	}
	return q.Start(ctx, func() (*livekit.EgressInfo, error) { return q.API.StartWeb(ctx, req) })
}

// ends counts the terminal webhooks of an egress.
func (q *quay) ends(id string) (n int) {
	for _, h := range q.Webhooks.Egress(id) {
		if h.Event.Event == "egress_ended" {
			n++
		}
	}
	return n
}

// object reads what is at a location of one of the two stores, and tells whether that is the backup.
func (q *quay) object(ctx context.Context, location string) (body []byte, backup bool, err error) {
	for prefix, d := range map[string]*depot{firstPrefix: q.store, secondPrefix: q.backup} {
		if _, key, ok := strings.Cut(location, "/"+prefix+"/"); ok {
			body, err := d.read(ctx, prefix+"/"+key)
			return body, d == q.backup, err
		}
	}
	return nil, false, fmt.Errorf("%q is in neither store", location)
}

// until polls for what has no event of its own.
func until(ctx context.Context, what string, wait time.Duration, is func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for !is() {
		if err := lab.Pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("%s: not in %v", what, wait)
		}
	}
	return nil
}
