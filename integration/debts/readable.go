package debts

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/uploads"
)

// readable tells how long after Stop the object can be fetched, beside a plain upload of the same file.
func readable(length time.Duration) accept.Case {
	return accept.Case{
		ID: "readable", Line: 5, Title: fmt.Sprintf("Stop to a readable object, 1080p for %v", length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			d, err := newDock(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = d.close() }()
			r, err := d.Start(ctx, func() (*livekit.EgressInfo, error) {
				return d.API.StartWeb(ctx, &livekit.WebEgressRequest{
					Url: d.pages.URL, FileOutputs: []*livekit.EncodedFileOutput{{Filepath: "readable.mp4"}},
					Options: &livekit.WebEgressRequest_Preset{Preset: livekit.EncodingOptionsPreset_H264_1080P_30},
				})
			})
			if err != nil {
				return err
			}
			if err := lab.Pause(ctx, length); err != nil {
				return err
			}
			asked := time.Now()
			if _, err := d.API.Stop(ctx, r.Info.EgressId); err != nil {
				return err
			}
			err = until(ctx, "the object", time.Minute, func() bool { _, err := d.store.Object(bucket, "readable.mp4"); return err == nil })
			if err != nil {
				return err
			}
			there := time.Since(asked)
			final, err := r.End(ctx)
			if err != nil {
				return err
			}
			o.Want(final.Status == livekit.EgressStatus_EGRESS_COMPLETE, "%v %q", final.Status, final.Error)
			file, err := d.fetch("readable.mp4")
			if err != nil {
				return err
			}
			store, err := uploads.Open(ctx, target(d.store), slog.New(slog.DiscardHandler))
			if err != nil {
				return err
			}
			defer store.Close()
			begun := time.Now()
			if err := store.Put(ctx, uploads.Object{Key: "plain.mp4", File: file}); err != nil {
				return err
			}
			plain := time.Since(begun)
			o.Add("size", "%.1f MB", float64(final.FileResults[0].Size)/1e6)
			o.Add("Stop to readable object", "%.2f s", there.Seconds())
			o.Add("plain upload of the same file", "%.2f s", plain.Seconds())
			return nil
		},
	}
}
