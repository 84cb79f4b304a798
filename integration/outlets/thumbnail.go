package outlets

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// thumbnail makes images alone, of which each replaces the one before: nothing is encoded.
func thumbnail(length time.Duration) accept.Case {
	return accept.Case{
		ID: "thumbnail", Line: 1, Title: "Web: images alone, IMAGE_SUFFIX_NONE_OVERWRITE, smaller than the picture",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := lab.New(ctx, lab.Options{Name: "outlets"})
			if err != nil {
				return err
			}
			defer func() { _ = l.Close() }()
			pages, err := lab.ServePages(ctx, publish.Size{Width: 1280, Height: 720})
			if err != nil {
				return err
			}
			defer pages.Close()
			path := filepath.Join(l.Media, "thumbnail")
			rec, err := l.Start(ctx, func() (*livekit.EgressInfo, error) {
				return l.API.StartWeb(ctx, &livekit.WebEgressRequest{
					Url: pages.Card(500*time.Millisecond, -1), AwaitStartSignal: true,
					ImageOutputs: []*livekit.ImageOutput{{
						FilenamePrefix: path, FilenameSuffix: livekit.ImageFileSuffix_IMAGE_SUFFIX_NONE_OVERWRITE,
						CaptureInterval: 1, Width: 320, Height: 320,
					}},
				})
			})
			if err != nil {
				return err
			}
			if err := lab.Pause(ctx, length); err != nil {
				return err
			}
			all, err := rig.Descendants(l.Egress.PID)
			if err != nil {
				return err
			}
			for _, p := range all {
				o.Want(rig.RoleOf(p.Name, p.Args) != "encoder", "there is an encoder: %q", p.Args)
			}
			before, err := os.ReadFile(path + ".jpeg")
			if err != nil {
				return err
			}
			if err := lab.Pause(ctx, 2*time.Second); err != nil {
				return err
			}
			info, _, err := rec.Stop(ctx)
			if err != nil {
				return err
			}
			after, err := os.ReadFile(path + ".jpeg")
			if err != nil {
				return err
			}
			o.Want(string(after) != string(before), "the image is never replaced")
			files, err := made(l.Media)
			if err != nil {
				return err
			}
			told := info.ImageResults[0]
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && len(files) == 1, "%v, files %v", info.Status, files)
			o.Want(told.ImageCount >= int64(length.Seconds())+2 && told.EndedAt > told.StartedAt, "told %v", told)
			size, err := ffprobe(ctx, "-show_entries", "stream=width,height,pix_fmt,color_range", "-of", "csv=p=0", path+".jpeg")
			o.Want(err == nil && size == "320,320,yuvj420p,pc\n", "the image is %q, %v", size, err)
			o.Add("images, the last one", "%d, %s", told.ImageCount, size)
			return nil
		},
	}
}
