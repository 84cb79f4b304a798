package debts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/rig"
)

// refused asks for a store that will not have the file: the request fails within two seconds with the store's words.
func refused() accept.Case {
	return accept.Case{
		ID: "refused", Title: "a store that refuses, and one without the bucket",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			d, err := newDock(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = d.close() }()
			asked := time.Now()
			info, err := d.API.StartWeb(ctx, &livekit.WebEgressRequest{
				Url: d.pages.URL, FileOutputs: []*livekit.EncodedFileOutput{{Filepath: "x.mp4", Output: &livekit.EncodedFileOutput_S3{
					S3: &livekit.S3Upload{AccessKey: "AKID", Secret: "hush-hush", Bucket: "nothere", Endpoint: d.store.URL(), Region: "us-east-1"},
				}}},
			})
			if err != nil {
				return err
			}
			final, err := d.API.WaitEgress(ctx, info.EgressId, rig.Terminal)
			if err != nil {
				return err
			}
			took := time.Since(asked)
			o.Add("request to FAILED", "%.1f s", took.Seconds())
			o.Want(took <= 2*time.Second, "it took %v, 2 s at most", took)
			o.Want(final.Status == livekit.EgressStatus_EGRESS_FAILED && final.ErrorCode == 400 &&
				strings.HasPrefix(final.Error, "S3 upload failed: NoSuchBucket"), "%v %d %q", final.Status, final.ErrorCode, final.Error)
			keys, err := d.store.Keys(bucket)
			o.Want(err == nil && len(keys) == 0, "objects are there: %v, %v", keys, err)
			o.Want(!strings.Contains(final.String(), "hush-hush"), "the secret is in the info")
			return nil
		},
	}
}

// away takes the store away while an egress ends, and kills the recorder in the middle of that.
func away(outage time.Duration) accept.Case {
	return accept.Case{
		ID: "store-away", Line: 2, Title: fmt.Sprintf("the store is away for %v, with a SIGKILL of the recorder in the middle", outage),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			d, err := newDock(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = d.close() }()
			return d.away(ctx, o, outage)
		},
	}
}

func (d *dock) away(ctx context.Context, o *accept.Outcome, outage time.Duration) error {
	const key = "away/räume.mp4"
	r, err := d.record(ctx, key)
	if err != nil {
		return err
	}
	if err := lab.Pause(ctx, 4*time.Second); err != nil {
		return err
	}
	d.store.Down()
	down := time.Now()
	if _, err := d.API.Stop(ctx, r.Info.EgressId); err != nil {
		return err
	}
	id := r.Info.EgressId
	isPending := func(i *livekit.EgressInfo) bool {
		return i.Status == livekit.EgressStatus_EGRESS_ENDING && strings.Contains(i.Details, "Upload pending: ")
	}
	waiting, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	info, err := d.API.WaitEgress(waiting, id, isPending)
	if err != nil {
		return err
	}
	o.Add("told while the store is away", "%v, %s", info.Status, info.Details)
	local := filepath.Join(d.Egress.WorkDir, id, "debts", "file", "data")
	want, err := sumOf(local)
	if err != nil {
		return err
	}
	if err := lab.Pause(ctx, outage/2); err != nil {
		return err
	}
	d.Egress.Kill()
	if err := d.Egress.Restart(ctx, d.Binary); err != nil {
		return err
	}
	if err := lab.Pause(ctx, outage-time.Since(down)); err != nil {
		return err
	}
	again, err := sumOf(local)
	o.Want(err == nil && again == want, "the local copy before the upload: %v", err)
	items, err := d.API.List(ctx, &livekit.ListEgressRequest{EgressId: id})
	if err != nil || len(items) != 1 {
		return fmt.Errorf("list: %d, %w", len(items), err)
	}
	o.Want(isPending(items[0]), "before the store is back: %v %q", items[0].Status, items[0].Details)
	o.Want(d.ends(id) == 0, "an end was told before the store was back")
	if err := d.store.Up(); err != nil {
		return err
	}
	up := time.Now()
	final, err := d.API.WaitEgress(ctx, id, rig.Terminal)
	if err != nil {
		return err
	}
	o.Add("store is back to COMPLETE", "%.1f s", time.Since(up).Seconds())
	o.Want(final.Status == livekit.EgressStatus_EGRESS_COMPLETE && final.Error == "" && !strings.Contains(final.Details, "pending"),
		"%v %q %q", final.Status, final.Error, final.Details)
	object, err := d.store.Object(bucket, key)
	if err != nil {
		return err
	}
	o.Want(object.SHA256 == want, "the object's SHA-256 is another")
	f := final.FileResults[0]
	o.Want(f.Size == object.Size && strings.HasSuffix(f.Location, "/"+key) && f.Duration > int64(3*time.Second), "the file result is %v", f)
	if err := until(ctx, "the egress' directory is gone", 10*time.Second, func() bool {
		_, err := os.Stat(filepath.Join(d.Egress.WorkDir, id))
		return os.IsNotExist(err)
	}); err != nil {
		o.Want(false, "%v", err)
	}
	if err := until(ctx, "webhook of the end", 10*time.Second, func() bool { return d.ends(id) > 0 }); err != nil {
		return err
	}
	o.Want(d.ends(id) == 1, "%d webhooks of the end", d.ends(id))
	return nil
}

func sumOf(path string) (string, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}
