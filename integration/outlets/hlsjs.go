package outlets

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/hlspage"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
)

const (
	enoughToPlay = 3 // segments
	playerWait   = 30 * time.Second

	// soundMore is how much longer than the programme a player shows it: the encoder's priming comes before the first
	// picture in MPEG-TS, and sound ends with its last packet.
	soundMore = 0.15 // s

	// startSkip is no fault: hls.js takes the first decoding time of MPEG-TS for 0, so that the first picture comes two
	// frames later, and may skip these when little is loaded. More than 0.2 s of skipping is found by where it begins.
	startSkip = "bufferSeekOverHole: fragment loaded with buffer holes, seeking from 0 to 0.1"
)

// play has hls.js play the live playlist while it grows, until it ends, and then the finished one from its beginning.
func play(id string, fmp4 bool, length time.Duration) accept.Case {
	r := order{id: id, fmp4: fmp4}
	return accept.Case{
		ID: id, Line: 2, Title: fmt.Sprintf("hls.js in Chromium plays the live and the finished playlist (fMP4 %t)", fmp4),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := r.newLab(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = l.Close() }()
			pages, err := lab.ServePages(ctx, publish.Size{Width: 640, Height: 360})
			if err != nil {
				return err
			}
			defer pages.Close()
			rec, err := l.Start(ctx, func() (*livekit.EgressInfo, error) {
				return l.API.StartWeb(ctx, &livekit.WebEgressRequest{
					Url: pages.Card(500*time.Millisecond, -1), AwaitStartSignal: true,
					SegmentOutputs: []*livekit.SegmentedFileOutput{r.segments(l.Media)},
					Options:        &livekit.WebEgressRequest_Advanced{Advanced: &livekit.EncodingOptions{Width: 640, Height: 360, VideoBitrate: 1000}},
				})
			})
			if err != nil {
				return err
			}
			if err := grown(ctx, filepath.Join(l.Media, id, "live.m3u8")); err != nil {
				return err
			}
			var info *livekit.EgressInfo
			watched, err := watch(ctx, l, id+"/live.m3u8", func() error {
				if err := lab.Pause(ctx, length); err != nil {
					return err
				}
				info, _, err = rec.Stop(ctx)
				return err
			})
			if err != nil {
				return err
			}
			smooth(o, "live", watched)
			played := watched.Time - watched.From
			o.Want(played >= length.Seconds(), "live: played %.1f s in %s", played, length)

			watched, err = watch(ctx, l, id+"/list.m3u8", func() error { return nil })
			if err != nil {
				return err
			}
			smooth(o, "finished", watched)
			told := time.Duration(info.SegmentResults[0].Duration).Seconds()
			o.Want(math.Abs(watched.Duration-told) <= soundMore && watched.From < 0.2 && watched.Time >= told-0.2,
				"finished: %.3f s long, played from %.3f to %.3f of %.3f s", watched.Duration, watched.From, watched.Time, told)
			return nil
		},
	}
}

// grown waits until a playlist is worth playing.
func grown(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, playerWait)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if p, err := readPlaylist(path); err == nil && len(p.segments) >= enoughToPlay {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s does not grow: %w", filepath.Base(path), ctx.Err())
		}
	}
}

// watch plays a playlist to its end; meanwhile runs beside it once it plays.
func watch(ctx context.Context, l *lab.Lab, playlist string, meanwhile func() error) (hlspage.State, error) {
	p, err := hlspage.Play(l.Media, playlist, filepath.Join(filepath.Dir(l.Media), "players"))
	if err != nil {
		return hlspage.State{}, err
	}
	defer func() { _ = p.Close() }()
	begun, cancel := context.WithTimeout(ctx, playerWait)
	defer cancel()
	if s, err := p.Wait(begun, func(s hlspage.State) bool { return s.Playing }); err != nil {
		return s, fmt.Errorf("%s does not play: %w: %v", playlist, err, s.Errors)
	}
	if err := meanwhile(); err != nil {
		return p.State(), err
	}
	ended, cancel := context.WithTimeout(ctx, playerWait+time.Minute)
	defer cancel()
	s, err := p.Wait(ended, func(s hlspage.State) bool { return s.Ended })
	if err != nil {
		return s, fmt.Errorf("%s does not end: %w: %+v", playlist, err, s)
	}
	return s, nil
}

// smooth wants no stall and no error.
func smooth(o *accept.Outcome, name string, s hlspage.State) {
	o.Add(name, "played from %.2f to %.2f s, %d frames, %d dropped, %d stalls, %d errors", s.From, s.Time, s.Frames, s.Dropped, len(s.Stalls), len(s.Errors))
	o.Want(len(s.Stalls) == 0, "%s: stalled at %.2f", name, s.Stalls)
	errs := slices.DeleteFunc(slices.Clone(s.Errors), func(e string) bool { return strings.HasPrefix(e, startSkip) })
	o.Want(len(errs) == 0, "%s: %q", name, errs)
}
