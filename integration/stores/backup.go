package stores

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/objects"
	"github.com/ffegress/ffegress/integration/rig"
)

// recorded is how long the egress of a case records.
const recorded = 5 * time.Second

// refusing has a store that refuses from the start.
func refusing() accept.Case {
	return accept.Case{
		ID: "backup-refusing", Line: 2, Title: "S3 refuses all, GCS is the backup",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			return in(ctx, openS3, openGCS, func(q *quay) error {
				q.store.front.Fail(&objects.Fault{Status: http.StatusForbidden, Code: "AccessDenied"})
				final, took, err := q.take(ctx, nil)
				if err != nil {
					return err
				}
				at, err := q.judge(ctx, o, final)
				o.Want(at == found{inBackup: 1}, "objects: %+v", at)
				o.Add("stop to COMPLETE", "%.1f s", took.Seconds())
				return err
			})
		},
	}
}

// take records a file; trouble comes just before the end.
func (q *quay) take(ctx context.Context, trouble *objects.Fault) (*livekit.EgressInfo, time.Duration, error) {
	r, err := q.record(ctx, "räume/x.mp4", "")
	if err != nil {
		return nil, 0, err
	}
	if err := lab.Pause(ctx, recorded); err != nil {
		return nil, 0, err
	}
	if trouble != nil {
		q.store.front.Fail(trouble)
	}
	return r.Stop(ctx)
}

// slow has a store that is slow, which needs no backup, and then one that says nothing any more, which does.
func slow() accept.Case {
	const atMost = 35 * time.Second
	return accept.Case{
		ID: "backup-slow", Line: 2, Title: "Azure is slow, then silent; S3 is the backup",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			return in(ctx, openAzure, openS3, func(q *quay) error {
				for _, c := range []struct {
					name    string
					trouble objects.Fault
					want    found
				}{
					{"slow", objects.Fault{Slow: 300 * time.Millisecond}, found{inStore: 1}},
					{"silent", objects.Fault{Hang: true}, found{inBackup: 1}},
				} {
					final, took, err := q.take(ctx, &c.trouble)
					q.store.front.Fail(nil)
					if err != nil {
						return err
					}
					at, err := q.judge(ctx, o, final)
					if err != nil {
						return err
					}
					o.Want(at == c.want, "%s: objects %+v", c.name, at)
					o.Want(took <= atMost, "%s: it took %v, %v at most", c.name, took, atMost)
					o.Add(c.name+": stop to COMPLETE", "%.1f s", took.Seconds())
				}
				return nil
			})
		},
	}
}

// dying has a store whose connections begin to break in the middle of each object while it is recorded.
func dying() accept.Case {
	return accept.Case{
		ID: "backup-dying", Line: 2, Title: "GCS dies in mid-file between the segments of an egress; AliOSS is the backup",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			return in(ctx, openGCS, openAliOSS, func(q *quay) error { return q.die(ctx, o) })
		},
	}
}

func (q *quay) die(ctx context.Context, o *accept.Outcome) error {
	r, err := q.record(ctx, "a/x.mp4", "a/hls.m3u8")
	if err != nil {
		return err
	}
	if err := lab.Pause(ctx, recorded); err != nil {
		return err
	}
	q.store.front.Fail(&objects.Fault{Cut: 10_000})
	if err := lab.Pause(ctx, recorded); err != nil {
		return err
	}
	final, took, err := r.Stop(ctx)
	if err != nil {
		return err
	}
	o.Want(q.store.front.Met() > 0, "no upload was cut")
	at, err := q.judge(ctx, o, final)
	o.Want(at.inStore > 0 && at.inBackup > 1, "objects: %+v", at)
	o.Add("objects in the store, in the backup", "%d, %d", at.inStore, at.inBackup)
	o.Add("stop to COMPLETE", "%.1f s", took.Seconds())
	return err
}

// both has both stores away until the egress has failed, and the backup come back then.
func both() accept.Case {
	return accept.Case{
		ID: "backup-both", Line: 2, Title: "AliOSS and its backup Azure are away; Azure comes back after the egress has failed",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			return in(ctx, openAliOSS, openAzure, func(q *quay) error { return q.bothDie(ctx, o) })
		},
	}
}

func (q *quay) bothDie(ctx context.Context, o *accept.Outcome) error {
	const key = "a/x.mp4"
	r, err := q.record(ctx, key, "")
	if err != nil {
		return err
	}
	if err := lab.Pause(ctx, recorded); err != nil {
		return err
	}
	q.store.front.Down()
	q.backup.front.Down()
	id := r.Info.EgressId
	asked := time.Now()
	if _, err := q.API.Stop(ctx, id); err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, reportAfter+time.Minute)
	defer cancel()
	info, err := q.API.WaitEgress(waiting, id, func(i *livekit.EgressInfo) bool {
		return i.Status == livekit.EgressStatus_EGRESS_ENDING && strings.Contains(i.Details, "; backup: ")
	})
	if err != nil {
		return err
	}
	o.Add("told while both are away", "%v, %s", info.Status, info.Details)
	final, err := q.API.WaitEgress(waiting, id, rig.Terminal)
	if err != nil {
		return err
	}
	o.Add("stop to FAILED", "%.1f s, %s", time.Since(asked).Seconds(), strings.ReplaceAll(final.Error, "\n", " / "))
	first, second, listed := strings.Cut(final.Error, "\n")
	o.Want(final.Status == livekit.EgressStatus_EGRESS_FAILED && final.ErrorCode == http.StatusBadRequest && listed &&
		strings.HasPrefix(first, "primary: AliOSS upload failed: ") && strings.HasPrefix(second, "backup: Azure upload failed: "),
		"%v %d %q", final.Status, final.ErrorCode, final.Error)
	o.Want(!final.BackupStorageUsed && final.FileResults[0].Location == "", "backup used %v, location %q",
		final.BackupStorageUsed, final.FileResults[0].Location)
	kept, err := os.ReadFile(filepath.Join(q.Egress.WorkDir, id, "debts", "file", "data"))
	if err != nil {
		return fmt.Errorf("the local copy: %w", err)
	}
	if err := until(ctx, "webhook of the end", 10*time.Second, func() bool { return q.ends(id) > 0 }); err != nil {
		return err
	}

	if err := q.backup.front.Up(); err != nil {
		return err
	}
	back := time.Now()
	err = until(ctx, "the egress' directory is gone", 2*time.Minute, func() bool {
		_, err := os.Stat(filepath.Join(q.Egress.WorkDir, id))
		return os.IsNotExist(err)
	})
	if err != nil {
		return err
	}
	o.Add("backup is back to nothing owed", "%.1f s", time.Since(back).Seconds())
	body, err := q.backup.read(ctx, secondPrefix+"/"+key)
	if err != nil {
		return err
	}
	o.Want(sumOf(body) == sumOf(kept), "the object is another than what was kept")
	o.Want(q.ends(id) == 1, "%d webhooks of the end", q.ends(id))
	return q.lateManifest(ctx, o, final, path.Dir(key))
}

// lateManifest makes sure that the manifest of an egress whose uploads had failed says so, and got to the backup nevertheless.
func (q *quay) lateManifest(ctx context.Context, o *accept.Outcome, final *livekit.EgressInfo, dir string) error {
	body, err := q.backup.read(ctx, path.Join(secondPrefix, dir, final.EgressId+".json"))
	if err != nil {
		return fmt.Errorf("the manifest: %w", err)
	}
	var m manifest
	if err := json.Unmarshal(body, &m); err != nil {
		return fmt.Errorf("the manifest: %w", err)
	}
	o.Want(m.EgressID == final.EgressId && m.Ours.Status == final.Status.String() && m.Ours.Error == final.Error && len(m.Files) == 0,
		"the manifest is of %s, %s %q, with files %v", m.EgressID, m.Ours.Status, m.Ours.Error, m.Files)
	o.Add("manifest, in the backup", "%s, %d files", m.Ours.Status, len(m.Files))
	return nil
}
