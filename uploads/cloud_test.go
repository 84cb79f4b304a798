package uploads

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ffegress/ffegress/integration/objects"
)

// cloud is a store of GCS, Azure or AliOSS before its emulator, with faults between.
type cloud struct {
	subject
	front *objects.Server
	// open makes a store of few and fast tries, with one of that patience; broken is one whose bucket does not exist.
	open   func(t *testing.T, presign bool) Store
	with   func(t *testing.T, p patience) Store
	broken func(t *testing.T) Store
	// says is a fault as this store tells it.
	says func(status int, code string) objects.Fault
	// codes are its own words for each class.
	codes map[Class]trouble
	// late tells the requests that send the second half of a file of 8 parts.
	late func(r *http.Request) bool
	// sends tells the requests that send bytes of an object.
	sends func(r *http.Request) bool
	// secret is what no text may have.
	secret string
	// sloppy is an emulator that compares no checksums: the store is told of by its answer alone.
	sloppy bool
}

type trouble struct {
	status int
	code   string
}

// quickTries are those of tests.
var quickTries = fastTries{3, time.Millisecond, 10 * time.Millisecond}

var (
	testPatience = patience{still: 500 * time.Millisecond}
	// busyPatience is for emulators, which may be slow to answer.
	busyPatience = patience{still: 15 * time.Second}
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func xmlFault(status int, code string) objects.Fault {
	return objects.Fault{Status: status, Code: code}
}

// test is all that the three have in common.
func (c cloud) test(t *testing.T) {
	t.Run("conforms", func(t *testing.T) { conform(t, c.subject) })
	t.Run("faults", c.testFaults)
	t.Run("silence", func(t *testing.T) { meetSilence(t, c.with(t, once), c.front, c.key("silent.mp4")) })
	t.Run("resume", c.testResume)
	t.Run("probe", c.testProbe)
	t.Run("write only", c.testWriteOnly)
	t.Run("presigned", c.testPresigned)
	t.Run("down", c.testDown)
}

func (c cloud) testFaults(t *testing.T) {
	type row struct {
		name  string
		fault objects.Fault
		text  string // "" = it succeeds in the end, "*" = any
		class Class
	}
	rows := []row{
		{"silent once", objects.Fault{Hang: true, Times: 1}, "", 0},
		{"silent", objects.Fault{Hang: true}, "the store does not answer", Transient},
		{"cut once", objects.Fault{Cut: 1000, Times: 1, Match: c.sends}, "", 0},
		{"cut", objects.Fault{Cut: 1000, Match: c.sends}, "*", Transient},
		{"slow", objects.Fault{Slow: time.Millisecond}, "", 0},
		{"spoilt", objects.Fault{Spoil: true, Match: c.sends}, "*", -1},
	}
	for _, status := range []int{500, 503, 429} {
		fault := c.says(status, "Busy")
		fault.Times = 2
		rows = append(rows, row{fmt.Sprintf("%d twice", status), fault, "", 0})
	}
	for class, of := range c.codes {
		rows = append(rows, row{class.String(), c.says(of.status, of.code), of.code + ": " + of.code + ", says the test", class})
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			store := c.open(t, false)
			if r.fault.Hang {
				// Who answers at all may be slow to do so on a busy machine.
				store = c.with(t, patience{still: time.Duration(1+r.fault.Times) * testPatience.still})
			}
			for _, size := range []int{10, 5*testPart + 1} {
				if size == 10 && r.fault.Cut > 0 {
					continue
				}
				path, content := fileOf(t, size)
				key := c.key(fmt.Sprintf("%s/%d.mp4", r.name, size))
				c.front.Fail(&r.fault)
				err := store.Put(t.Context(), Object{Key: key, File: path})
				c.front.Fail(nil)
				if r.text == "" {
					if err != nil {
						t.Fatal(err)
					}
					c.want(t, key, content)
					continue
				}
				text := store.Name() + " upload failed: " + r.text
				if err == nil || r.text != "*" && err.Error() != text || r.class >= 0 && ClassOf(err) != r.class {
					t.Errorf("%v (%v), want %q (%v)", err, ClassOf(err), text, r.class)
				}
				if _, err := c.read(t, key); err == nil && !(c.sloppy && r.fault.Spoil) {
					t.Error("an object is there")
				}
			}
		})
	}
}

// testResume: an interrupted upload goes on where it was, and one that the store has forgotten begins anew.
func (c cloud) testResume(t *testing.T) {
	path, content := fileOf(t, 8*testPart+5)
	key := c.key("resumed.mp4")
	var state []byte
	put := func() error {
		// Another process: nothing but the state is known.
		return c.open(t, false).Put(t.Context(), Object{Key: key, File: path, State: state, Save: func(s []byte) { state = s }})
	}
	fault := c.says(500, "InternalError")
	fault.Match = c.late
	c.front.Fail(&fault)
	err := put()
	c.front.Fail(nil)
	if err == nil {
		t.Fatal("it succeeded")
	}
	if state == nil {
		t.Fatal("no state was saved")
	}
	before := len(c.front.Requests())
	if err := put(); err != nil {
		t.Fatal(err)
	}
	sent := 0
	for _, r := range c.front.Requests()[before:] {
		if c.sends(&http.Request{Method: r.Method, URL: r.URL, Header: r.Header}) {
			sent++
		}
	}
	if sent < 1 || sent > 6 {
		t.Errorf("%d parts of 9 were sent again", sent)
	}
	c.want(t, key, content)
	// The upload of the state is complete by now.
	if err := put(); err != nil {
		t.Errorf("once more: %v", err)
	}
	c.want(t, key, content)
}

func (c cloud) testProbe(t *testing.T) {
	store := c.open(t, false)
	before, _ := c.objects(t)
	for class, of := range c.codes {
		fault := c.says(of.status, of.code)
		c.front.Fail(&fault)
		err := store.Probe(t.Context(), c.key("probed.mp4"))
		c.front.Fail(nil)
		want := store.Name() + " upload failed: " + of.code + ": " + of.code + ", says the test"
		if err == nil || err.Error() != want || ClassOf(err) != class {
			t.Errorf("%v (%v), want %q (%v)", err, ClassOf(err), want, class)
		}
	}
	if err := c.broken(t).Probe(t.Context(), c.key("x")); ClassOf(err) != Missing || !Definite(err) {
		t.Errorf("without a bucket: %v (%v)", err, ClassOf(err))
	}
	// Who may not take it back has a store all the same.
	c.front.Fail(&objects.Fault{Status: 403, Code: "AccessDenied", Match: func(r *http.Request) bool { return r.Method == http.MethodDelete }})
	defer c.front.Fail(nil)
	if err := store.Probe(t.Context(), c.key("räume/x.mp4")); err != nil {
		t.Error(err)
	}
	if after, _ := c.objects(t); after != before {
		t.Errorf("the probes left %d objects", after-before)
	}
}

// testWriteOnly: who may only write uploads all the same.
func (c cloud) testWriteOnly(t *testing.T) {
	store := c.open(t, false)
	fault := c.says(403, "AccessDenied")
	fault.Match = func(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }
	for _, size := range []int{10, 3 * testPart} {
		path, content := fileOf(t, size)
		key := c.key(fmt.Sprintf("write-only/%d", size))
		c.front.Fail(&fault)
		err := store.Put(t.Context(), Object{Key: key, File: path})
		c.front.Fail(nil)
		if err != nil {
			t.Fatal(err)
		}
		c.want(t, key, content)
	}
}

func (c cloud) testPresigned(t *testing.T) {
	store := c.open(t, true)
	path, content := fileOf(t, 10)
	key := c.key("räume/signed.mp4")
	if err := store.Put(t.Context(), Object{Key: key, File: path}); err != nil {
		t.Fatal(err)
	}
	link, err := store.Locate(t.Context(), key)
	if err != nil || strings.Contains(link, c.secret) {
		t.Fatalf("%q, %v", link, err)
	}
	res, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer res.Body.Close()
	if got, err := io.ReadAll(res.Body); err != nil || string(got) != string(content) {
		t.Errorf("%s: %d bytes, %v", res.Status, len(got), err)
	}
}

func (c cloud) testDown(t *testing.T) {
	store := c.open(t, false)
	c.front.Down()
	defer func() {
		if err := c.front.Up(); err != nil {
			t.Error(err)
		}
	}()
	path, _ := fileOf(t, 10)
	for _, err := range []error{store.Put(t.Context(), Object{Key: c.key("x"), File: path}), store.Probe(t.Context(), c.key("x"))} {
		if ClassOf(err) != Transient || err == nil || !strings.Contains(err.Error(), "connection refused") || Definite(err) {
			t.Errorf("%v (%v)", err, ClassOf(err))
		}
	}
}

// TestCloudSecretsDoNotPrint: neither a target nor an error of it shows what nobody may know.
func TestCloudSecretsDoNotPrint(t *testing.T) {
	gcs := GCSTarget{Credentials: `{"private_key": "hush-gcs"}`, Bucket: "b", Proxy: &Proxy{URL: "http://p", Password: "hush-proxy"}}
	azure := AzureTarget{Account: "account", Key: "hush-azure", Container: "c"}
	ali := AliOSSTarget{AccessKey: "hush-id", Secret: "hush-ali", Endpoint: "oss.example", Bucket: "b"}
	var out strings.Builder
	log := slog.New(slog.NewJSONHandler(&out, nil))
	for _, v := range []any{gcs, &gcs, azure, &azure, ali, &ali, Target{GCS: &gcs}, Target{Azure: &azure}, Target{AliOSS: &ali}} {
		log.Info("x", "target", v)
		fmt.Fprintf(&out, "%v %+v %#v %s %q %d", v, v, v, v, v, v)
	}
	secrets := slices.Concat(gcs.secrets(), azure.secrets(), ali.secrets())
	echo := fmt.Errorf("the store says: %s", strings.Join(secrets, " "))
	for _, err := range []error{
		(&gcsStore{target: gcs}).explain(echo), (&azureStore{target: azure}).explain(echo), (&ossStore{target: ali}).explain(echo),
	} {
		for _, own := range secrets {
			if strings.Contains(err.Error(), own) && strings.Contains(storeSecrets(err, gcs, azure, ali), own) {
				t.Errorf("%q is in %s", own, err)
			}
		}
	}
	for _, secret := range append(secrets, "hush-gcs") {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q is in %s", secret, out.String())
		}
	}
}

// storeSecrets are those of the store that made the error.
func storeSecrets(err error, gcs GCSTarget, azure AzureTarget, ali AliOSSTarget) string {
	switch {
	case strings.HasPrefix(err.Error(), nameGCP):
		return strings.Join(gcs.secrets(), "\n")
	case strings.HasPrefix(err.Error(), nameAzure):
		return strings.Join(azure.secrets(), "\n")
	}
	return strings.Join(ali.secrets(), "\n")
}

// TestIncomplete: what a target must name.
func TestIncomplete(t *testing.T) {
	for _, c := range []struct {
		target Target
		want   string
	}{
		{Target{GCS: &GCSTarget{}}, "GCP upload failed: no bucket is named"},
		{Target{AliOSS: &AliOSSTarget{Endpoint: "e"}}, "AliOSS upload failed: no bucket is named"},
		{Target{AliOSS: &AliOSSTarget{Bucket: "b"}}, "AliOSS upload failed: no endpoint is named"},
		{Target{AliOSS: &AliOSSTarget{Bucket: "b", Endpoint: "ftp://e"}}, "AliOSS upload failed: invalid configuration: want an http:// or https:// endpoint"},
		{Target{Azure: &AzureTarget{Account: "a", Key: "a2V5"}}, "Azure upload failed: no container is named"},
		{Target{Azure: &AzureTarget{Container: "c"}}, "Azure upload failed: no account is named"},
		{Target{Azure: &AzureTarget{Account: "a", Key: "no base64!", Container: "c"}}, "Azure upload failed: invalid configuration: the account key is not base64"},
		{Target{GCS: &GCSTarget{Bucket: "b", Credentials: `{"type": "external_account"}`}}, "GCP upload failed: invalid configuration: the credentials are not the JSON key of a service account"},
		{Target{GCS: &GCSTarget{Bucket: "b", Credentials: "hush"}}, "GCP upload failed: invalid configuration: the credentials are not the JSON key of a service account"},
	} {
		store, err := Open(t.Context(), c.target, nil)
		if err == nil || err.Error() != c.want || ClassOf(err) != Invalid || store != nil {
			t.Errorf("%v: %v (%v), want %q", c.target, err, ClassOf(err), c.want)
		}
	}
}
