package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/ffegress/ffegress/integration/clouds"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/objects"
	"github.com/ffegress/ffegress/integration/rig"
)

// wrongKey is an account key of Azure's form, and nobody's.
const wrongKey = "bm90IHRoZSBrZXkgb2YgdGhpcyBhY2NvdW50LCBub3IgYW55Ym9keSBlbHNlJ3M="

// wreckage is what broken set-ups are made of.
type wreckage struct {
	*lab.Lab
	s3    *objects.Server
	azure *clouds.Azurite
	taken net.Listener // a port that somebody has
}

func newWreckage(ctx context.Context, l *lab.Lab) (w *wreckage, err error) {
	w = &wreckage{Lab: l}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.s3, err = objects.Start(filepath.Join(l.Dir, "s3"), "recordings"); err != nil {
		return w, err
	}
	if w.azure, err = clouds.StartAzurite(filepath.Join(l.Dir, "azure")); err != nil {
		return w, err
	}
	if err = w.azure.Create(ctx, "recordings"); err != nil {
		return w, err
	}
	w.taken, err = net.Listen("tcp", ":0")
	return w, err
}

func (w *wreckage) close() {
	if w.s3 != nil {
		w.s3.Close()
	}
	if w.azure != nil {
		w.azure.Close()
	}
	if w.taken != nil {
		_ = w.taken.Close()
	}
}

// secrets are those that no line may show.
func (w *wreckage) secrets() []string {
	return []string{rig.APISecret, "notthesecret", w.Redis.Keys["password"].(string), "notthepassword", clouds.AzureKey, wrongKey, "secretofbucket"}
}

// setUps are the broken ones.
func (w *wreckage) setUps() ([]lab.Mistake, error) {
	redis := maps.Clone(w.Redis.Keys)
	redis["password"] = "notthepassword"
	noX264, err := w.script("ffmpeg-without-x264", `exec ffmpeg "$@" | grep -v libx264`)
	if err != nil {
		return nil, err
	}
	locked := filepath.Join(w.Dir, "locked")
	nobody, err := w.script("as-nobody", fmt.Sprintf(`mkdir -p '%[1]s'
[ "$(id -u)" = 0 ] || { chmod 555 '%[1]s'; exec '%[3]s' "$@"; }
chown -R 65534:65534 '%[2]s' && chown 0:0 '%[1]s' && chmod 755 '%[1]s'
HOME='%[2]s' exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs '%[3]s' "$@"`, locked, w.Dir, w.Binary))
	if err != nil {
		return nil, err
	}
	small := filepath.Join(w.Dir, "small")
	full, err := w.script("on-a-full-disk", fmt.Sprintf(`mkdir -p '%[1]s'
own=--mount
[ "$(id -u)" = 0 ] || own="--mount --map-root-user"
exec unshare $own sh -c 'mount -t tmpfs -o size=1m,mode=0777 tmpfs "$0" && head -c 900k /dev/zero >"$0/ballast" && exec "$@"' '%[1]s' '%[2]s' "$@"`, small, w.Binary))
	if err != nil {
		return nil, err
	}
	noXvfb, err := w.without("Xvfb")
	if err != nil {
		return nil, err
	}
	noPulse, err := w.without("pulseaudio")
	if err != nil {
		return nil, err
	}
	port := w.taken.Addr().(*net.TCPAddr).Port
	keys := func(pairs ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	azure := func(key string) map[string]any {
		return keys("storage", keys("azure", keys("account_name", clouds.AzureAccount, "account_key", key, "container_name", "recordings")))
	}
	return []lab.Mistake{
		{Name: "no Redis", Change: keys("redis", keys("address", "127.0.0.1:1")),
			Fails: "redis", Found: "127.0.0.1:1: connection refused", Remedy: "start redis-server, or give"},
		{Name: "wrong Redis password", Change: keys("redis", redis),
			Fails: "redis", Found: "it refuses the user name or password", Remedy: "correct redis.username and redis.password"},
		{Name: "wrong API secret", Change: keys("api_secret", "notthesecretnotthesecretnotthesecret"),
			Fails: "api_key", Found: "api_secret is not that of " + rig.APIKey, Remedy: "keys section of livekit-server"},
		{Name: "no livekit-server", Change: keys("ws_url", "ws://127.0.0.1:1"),
			Fails: "ws_url", Found: "connection refused", Remedy: "start livekit-server, or set ws_url"},
		{Name: "ffmpeg without libx264", Change: keys("binaries", keys("ffmpeg", noX264)),
			Fails: "ffmpeg", Found: "was built without", Remedy: "apt install ffmpeg"},
		{Name: "no Chromium", Change: keys("binaries", keys("chromium", "/nowhere/chromium")),
			Fails: "chromium", Found: "/nowhere/chromium not found", Remedy: "apt install chromium"},
		{Name: "no Xvfb", Env: noXvfb, Fails: "xvfb", Found: "Xvfb not found", Remedy: "apt install xvfb"},
		{Name: "no PulseAudio", Env: noPulse, Fails: "pulseaudio", Found: "PulseAudio not found", Remedy: "apt install pulseaudio"},
		{Name: "work_dir of another user", Change: keys("work_dir", filepath.Join(locked, "work")), As: nobody,
			Fails: "work_dir", Found: "cannot be written", Remedy: "set work_dir to another directory"},
		{Name: "output root of another user", Change: keys("local_output_roots", []string{locked}), As: nobody,
			Fails: "outputs", Found: "cannot be written", Remedy: "make it writable for the user"},
		{Name: "full disk", Change: keys("work_dir", filepath.Join(small, "work")), As: full,
			Fails: "work_dir", Found: "has 0.0 GiB left", Remedy: "make room"},
		{Name: "unknown key", Change: keys("tempalte_base", "http://127.0.0.1/"),
			Fails: "config", Found: "unknown key (is it template_base?)", Remedy: "correct the key"},
		{Name: "no such bucket", Change: keys("storage", keys("s3", keys("access_key", "AKIDTEST", "secret", "secretofbucket", "region", "us-east-1", "bucket", "nothere", "endpoint", w.s3.URL(), "force_path_style", true))),
			Fails: "storage", Found: "NoSuchBucket", Remedy: "create the bucket"},
		{Name: "wrong key of the store", Change: azure(wrongKey), Env: []string{"AZURE_STORAGE_SERVICE_ENDPOINT=" + w.azure.Endpoint()},
			Fails: "storage", Found: "AuthorizationFailure", Remedy: "correct the account and its secret in storage.azure"},
		{Name: "template port taken", Change: keys("template_port", port),
			Fails: "template_port", Found: "is used by another program", Remedy: "set template_port to a free port"},
		{Name: "health port taken", Change: keys("health_port", port),
			Fails: "ports", Found: fmt.Sprintf("health_port %d is used by another program", port), Remedy: "set health_port to a free port"},
	}, nil
}

// script makes a program for sh.
func (w *wreckage) script(name, body string) (string, error) {
	path := filepath.Join(w.Dir, name)
	return path, os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755)
}

// without is an environment whose PATH has what a recording needs but for one program.
func (w *wreckage) without(program string) ([]string, error) {
	bin := filepath.Join(w.Dir, "without-"+program)
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return nil, err
	}
	for _, name := range []string{"ffmpeg", "Xvfb", "pulseaudio", "chromium", "fc-list", "xkbcomp", "sh", "dirname", "uname", "cat"} {
		path, err := exec.LookPath(name)
		if errors.Is(err, exec.ErrNotFound) || strings.EqualFold(name, program) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			return nil, err
		}
	}
	return []string{"PATH=" + bin}, nil
}
