package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/custompage"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// namesScript starts the recorder in a mount namespace of its own, in which names are looked up elsewhere.
const namesScript = `#!/bin/sh
own=--mount
[ "$(id -u)" = 0 ] || own="--mount --map-root-user"
exec unshare $own sh -c 'mount --bind "$0" /etc/resolv.conf && exec "$@"' '%s' '%s' "$@"
`

// notAllowed is what is told of a page that may not be reached.
const notAllowed = "web_egress does not allow it"

// fence is a lab whose recorder lets pages reach only some hosts.
type fence struct {
	*lab.Lab
	*doors
}

// fenced asks for pages that may not be recorded, and for one that tries to reach what it may not.
func fenced() accept.Case {
	return accept.Case{
		ID: "pages", Line: 6,
		Title: "web_egress: metadata service by address, name, redirect, IPv6; rebinding; other schemes; a page through the proxy",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			d, err := openDoors()
			if err != nil {
				return err
			}
			defer d.close()
			f := &fence{doors: d}
			f.Lab, err = lab.New(ctx, lab.Options{Name: "fence", Wrap: otherNames, Rig: rig.Options{Config: map[string]any{
				"browser_pool": 1,
				"web_egress":   map[string]any{"allow_hosts": []string{"*.example", openHost.String()}, "deny_hosts": []string{vaultHost.String()}},
			}}})
			if err != nil {
				return err
			}
			defer func() { _ = f.Lab.Close() }()
			f.judgeRequests(ctx, o)
			for _, judge := range []func(context.Context, *accept.Outcome) error{f.judgePages, f.judgeProbe, f.judgeCard, f.judgeTemplate} {
				if err := judge(ctx, o); err != nil {
					return err
				}
			}
			o.Want(d.vault.came.Load()+d.vaultRaw.came.Load() == 0, "what is denied was reached %d times over HTTP, %d by TURN", d.vault.came.Load(), d.vaultRaw.came.Load())
			return nil
		},
	}
}

// otherNames is the recorder asking the name server of the doors.
func otherNames(binary, dir string) (string, error) {
	conf, script := filepath.Join(dir, "resolv.conf"), filepath.Join(dir, "with-names")
	return script, errors.Join(
		os.WriteFile(conf, []byte("nameserver "+nameServer+"\noptions timeout:2 attempts:2\n"), 0o644),
		os.WriteFile(script, fmt.Appendf(nil, namesScript, conf, binary), 0o700))
}

func (f *fence) ask(ctx context.Context, url string) (*livekit.EgressInfo, error) {
	return f.API.StartWeb(ctx, &livekit.WebEgressRequest{Url: url, FileOutputs: []*livekit.EncodedFileOutput{{Filepath: filepath.Join(f.Media, "{time}")}}})
}

// judgeRequests asks for pages that are refused as they are asked for.
func (f *fence) judgeRequests(ctx context.Context, o *accept.Outcome) {
	for url, want := range map[string]string{
		"http://169.254.169.254/latest/meta-data/": notAllowed,
		"http://[::ffff:169.254.169.254]/":         notAllowed,
		"http://[64:ff9b::a9fe:a9fe]/":             notAllowed,
		"http://[2002:a9fe:a9fe::1]/":              notAllowed,
		"http://[fd00:ec2::254]/":                  notAllowed,
		"http://[fe80::1]/":                        notAllowed,
		"http://100.100.100.200/":                  notAllowed,
		"file:///etc/passwd":                       "request has missing or invalid field: web url",
		"view-source:http://page.example/":         "request has missing or invalid field: web url",
		"data:text/html,hello":                     "request has missing or invalid field: web url",
		"chrome://version":                         "request has missing or invalid field: web url",
		"javascript:alert(1)":                      "request has missing or invalid field: web url",
	} {
		_, err := f.ask(ctx, url)
		var e *rig.APIError
		o.Want(errors.As(err, &e) && e.Code == "invalid_argument" && strings.Contains(e.Msg, want), "%s: %v", url, err)
	}
}

// judgePages asks for pages that turn out to be what may not be reached.
func (f *fence) judgePages(ctx context.Context, o *accept.Outcome) error {
	redirect := fmt.Sprintf("http://page.example:%d/to?url=", f.port)
	for url, want := range map[string]string{
		"http://2852039166/":                             notAllowed, // 169.254.169.254 in other spellings
		"http://0251.0376.0xa9fe/":                       notAllowed,
		"http://metadata.example/":                       notAllowed,
		fmt.Sprintf("http://elsewhere.test:%d/", f.port): notAllowed,
		"https://metadata.example/":                      notAllowed,
		redirect + "http://169.254.169.254/latest/":      notAllowed,
		redirect + "https://169.254.169.254/":            notAllowed,
		redirect + "file:///etc/passwd":                  "net::ERR_UNSAFE_REDIRECT",
		redirect + "data:text/html,hello":                "net::ERR_UNSAFE_REDIRECT",
		fmt.Sprintf("http://vault.example:%d/", f.port):  notAllowed,
		fmt.Sprintf("http://0x7f.2:%d/", f.port):         notAllowed,
	} {
		info, err := f.ask(ctx, url)
		if err != nil {
			o.Want(strings.Contains(err.Error(), want), "%s: %v", url, err)
			continue
		}
		waiting, cancel := context.WithTimeout(ctx, time.Minute)
		info, err = f.API.WaitEgress(waiting, info.EgressId, rig.Terminal)
		cancel()
		if err != nil {
			return fmt.Errorf("%s: %w", url, err)
		}
		o.Want(info.Status == livekit.EgressStatus_EGRESS_FAILED && strings.HasPrefix(info.Error, "page load error: ") &&
			strings.Contains(info.Error, want) && info.ErrorCode == 400, "%s: %v %d %q", url, info.Status, info.ErrorCode, info.Error)
	}
	return nil
}

// judgeProbe records a page that tries everything, from a name that changes its address meanwhile.
func (f *fence) judgeProbe(ctx context.Context, o *accept.Outcome) error {
	r, err := f.Start(ctx, func() (*livekit.EgressInfo, error) {
		return f.ask(ctx, fmt.Sprintf("http://rebound.example:%d/probe?port=%d&raw=%d", f.port, f.port, f.raw))
	})
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	select {
	case seen := <-f.report:
		o.Want(strings.Trim(seen, `[]",`) == "", "the page read files: %s", seen)
	case <-waiting.Done():
		return errors.New("the page has not tried everything")
	}
	if _, _, err := r.Stop(ctx); err != nil {
		return err
	}
	o.Add("a page that tries everything", "%d connections to what it may reach, %d to what it may not",
		f.open.came.Load()+f.openRaw.came.Load(), f.vault.came.Load()+f.vaultRaw.came.Load())
	o.Want(f.open.came.Load() >= 12, "only %d ways led to what may be reached", f.open.came.Load())
	o.Want(f.openRaw.came.Load() > 0, "a call's TCP does not reach what it may")
	o.Want(f.sockets.Load() == 2 && f.redirected.Load() == 2, "%d sockets, %d redirects", f.sockets.Load(), f.redirected.Load())
	for _, host := range []string{"rebound.example", "vault.example", "metadata.example", "169.254.169.254", "[fe80::1]", "127.0.0.2", "[::ffff:7f00:2]"} {
		said, err := f.Egress.Said("the page asked for what it may not reach", fmt.Sprintf("%s:%d", host, f.port), r.Info.EgressId)
		o.Want(err == nil && said > 0, "the log does not tell of %s", host)
	}
	return nil
}

// judgeCard records a test card from a name, through the proxy.
func (f *fence) judgeCard(ctx context.Context, o *accept.Outcome) error {
	pages, err := lab.ServePages(ctx, publish.Size{Width: 640, Height: 360})
	if err != nil {
		return err
	}
	defer pages.Close()
	r, err := f.Start(ctx, func() (*livekit.EgressInfo, error) {
		return f.ask(ctx, strings.Replace(pages.URL, "127.0.0.1", "page.example", 1)+"/")
	})
	if err != nil {
		return err
	}
	if err := lab.Pause(ctx, 8*time.Second); err != nil {
		return err
	}
	info, _, err := r.Stop(ctx)
	if err != nil {
		return err
	}
	if info.Status != livekit.EgressStatus_EGRESS_COMPLETE {
		return fmt.Errorf("the egress is %v: %s", info.Status, info.Error)
	}
	report, err := meter.Measure(ctx, info.FileResults[0].Location, meter.Options{IDs: []int{0}})
	if err != nil {
		return err
	}
	faults := report.Check(meter.Limits{OffsetP95: 60, BarError: 4, AllowRepeats: true, AllowGaps: true})
	o.Add("a test card from page.example", "%d faults", len(faults))
	o.Want(len(faults) == 0, "the card: %q", faults)
	return nil
}

// judgeTemplate records a room by a page that the request names. Its livekit-server is in no list.
func (f *fence) judgeTemplate(ctx context.Context, o *accept.Outcome) error {
	page, err := custompage.Start()
	if err != nil {
		return err
	}
	defer page.Close()
	speaker, err := f.Publish(ctx, publish.Options{Room: f.Room, Participants: 1})
	if err != nil {
		return err
	}
	defer speaker.Close()
	r, err := f.Start(ctx, func() (*livekit.EgressInfo, error) {
		return f.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{
			RoomName: f.Room, CustomBaseUrl: strings.Replace(page.URL, "127.0.0.1", "page.example", 1),
			FileOutputs: []*livekit.EncodedFileOutput{{Filepath: filepath.Join(f.Media, "room")}},
		})
	})
	if err != nil {
		return err
	}
	if err := lab.Pause(ctx, 4*time.Second); err != nil {
		return err
	}
	info, _, err := r.Stop(ctx)
	if err != nil {
		return err
	}
	o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE, "a room by a page of its own: %v %s", info.Status, info.Error)
	return nil
}
