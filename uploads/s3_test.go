package uploads

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ffegress/ffegress/integration/objects"
)

const (
	testKey    = "AKIDTESTTESTTEST"
	testSecret = "secretsecretsecretsecret"
)

func startObjects(t *testing.T) *objects.Server {
	t.Helper()
	s, err := objects.Start(t.TempDir(), "recordings")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func s3Target(endpoint string) S3Target {
	return S3Target{
		AccessKey: testKey, Secret: testSecret, Bucket: "recordings", Endpoint: endpoint, Region: "us-east-1",
		Attempts: 3, MaxDelay: int64(10 * time.Millisecond),
	}
}

func openTest(t *testing.T, target S3Target) *s3Store {
	t.Helper()
	return openPatient(t, target, testPatience)
}

func openPatient(t *testing.T, target S3Target, patience patience) *s3Store {
	t.Helper()
	s, err := openS3(t.Context(), target, false, discard(), patience, testPart)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestS3Conforms(t *testing.T) {
	server := startObjects(t)
	conform(t, subject{
		store: openPatient(t, s3Target(server.URL()), busyPatience),
		key:   func(name string) string { return "prefix/" + name },
		read:  func(_ *testing.T, key string) ([]byte, error) { return server.Read("recordings", key) },
		objects: func(t *testing.T) (int, int) {
			keys, err := server.Keys("recordings")
			if err != nil {
				t.Error(err)
			}
			_, left := server.Uploads()
			return len(keys), left
		},
	})
	t.Run("leading slash", func(t *testing.T) {
		path, content := fileOf(t, 10)
		if err := openTest(t, s3Target(server.URL())).Put(t.Context(), Object{Key: "/out/x.mp4", File: path}); err != nil {
			t.Fatal(err)
		}
		if got, err := server.Read("recordings", "/out/x.mp4"); err != nil || string(got) != string(content) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
}

// TestS3Headers: what comes with an object, whole or in parts.
func TestS3Headers(t *testing.T) {
	server := startObjects(t)
	target := s3Target(server.URL())
	target.SessionToken = "token-of-the-session"
	target.Metadata = map[string]string{"Project": "räume"}
	target.Tagging = "team=media&kind=a%20b"
	for _, disposition := range []string{"", `attachment; filename="x.mp4"`} {
		target.Disposition = disposition
		store := openTest(t, target)
		for _, size := range []int{10, 3 * testPart} {
			path, _ := fileOf(t, size)
			if err := store.Put(t.Context(), Object{Key: "x.mp4", File: path, ContentType: "video/mp4"}); err != nil {
				t.Fatal(err)
			}
			var got http.Header
			for _, r := range server.Requests() {
				if r.Header.Get("Content-Type") == "video/mp4" {
					got = r.Header
				}
			}
			if disposition == "" {
				disposition = "inline"
			}
			for name, want := range map[string]string{
				"Content-Disposition": disposition, "X-Amz-Tagging": "team=media&kind=a%20b", "X-Amz-Security-Token": "token-of-the-session",
			} {
				if got.Get(name) != want {
					t.Errorf("%s: %q, want %q", name, got.Get(name), want)
				}
			}
			if v := got.Get("X-Amz-Meta-Project"); v == "" {
				t.Errorf("no metadata in %v", got)
			}
			for name := range got {
				if strings.HasPrefix(strings.ToLower(name), "x-amz-checksum") || strings.EqualFold(name, "x-amz-sdk-checksum-algorithm") {
					t.Errorf("%s is asked of a store that may not know it", name)
				}
			}
		}
	}
}

// TestS3Faults: what a store may do, and what comes of it.
func TestS3Faults(t *testing.T) {
	server := startObjects(t)
	store := openTest(t, s3Target(server.URL()))
	for _, c := range []struct {
		name  string
		fault objects.Fault
		text  string // "" = it succeeds in the end
		class Class
	}{
		{"500 twice", objects.Fault{Status: 500, Code: "InternalError", Times: 2}, "", 0},
		{"503 twice", objects.Fault{Status: 503, Code: "SlowDown", Times: 2}, "", 0},
		{"429 twice", objects.Fault{Status: 429, Code: "TooManyRequests", Times: 2}, "", 0},
		{"409 twice", objects.Fault{Status: 409, Code: "OperationAborted", Times: 2}, "", 0},
		{"500", objects.Fault{Status: 500, Code: "InternalError"}, "InternalError: InternalError, says the test", Transient},
		{"403", objects.Fault{Status: 403, Code: "AccessDenied"}, "AccessDenied: AccessDenied, says the test", Refused},
		{"401", objects.Fault{Status: 401, Code: "Unauthorized"}, "Unauthorized: Unauthorized, says the test", Refused},
		{"no bucket", objects.Fault{Status: 404, Code: "NoSuchBucket"}, "NoSuchBucket: NoSuchBucket, says the test", Missing},
		{"full", objects.Fault{Status: 507, Code: "StorageFull"}, "StorageFull: StorageFull, says the test", Full},
		{"bad tag", objects.Fault{Status: 400, Code: "InvalidTag"}, "InvalidTag: InvalidTag, says the test", Invalid},
		{"silent once", objects.Fault{Hang: true, Times: 1}, "", 0},
		{"silent", objects.Fault{Hang: true}, "the store does not answer", Transient},
		{"cut once", objects.Fault{Cut: 1000, Times: 1, Match: hasBody}, "", 0},
		{"cut", objects.Fault{Cut: 1000, Match: hasBody}, "*", Transient},
		{"slow", objects.Fault{Slow: time.Millisecond}, "", 0},
		{"spoilt", objects.Fault{Spoil: true, Match: hasBody}, "*", Transient},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, size := range []int{10, 5*testPart + 1} {
				if size == 10 && c.fault.Cut > 0 {
					continue
				}
				path, content := fileOf(t, size)
				key := fmt.Sprintf("%s/%d.mp4", c.name, size)
				server.Fail(&c.fault)
				err := store.Put(t.Context(), Object{Key: key, File: path})
				server.Fail(nil)
				if c.text == "" {
					if err != nil {
						t.Fatal(err)
					}
					if got, err := server.Read("recordings", key); err != nil || string(got) != string(content) {
						t.Errorf("%d bytes, %v", len(got), err)
					}
					continue
				}
				if err == nil || c.text != "*" && err.Error() != "S3 upload failed: "+c.text || ClassOf(err) != c.class {
					t.Errorf("%v (%v), want %q (%v)", err, ClassOf(err), c.text, c.class)
				}
				if _, err := server.Object("recordings", key); err == nil {
					t.Error("an object is there")
				}
			}
		})
	}
}

func hasBody(r *http.Request) bool { return r.Method == http.MethodPut }

// TestS3Down: nobody is there.
func TestS3Down(t *testing.T) {
	server := startObjects(t)
	store := openTest(t, s3Target(server.URL()))
	server.Down()
	path, _ := fileOf(t, 10)
	for _, err := range []error{store.Put(t.Context(), Object{Key: "x", File: path}), store.Probe(t.Context(), "x")} {
		if ClassOf(err) != Transient || err == nil || !strings.Contains(err.Error(), "connection refused") || Definite(err) {
			t.Errorf("%v (%v)", err, ClassOf(err))
		}
	}
}

// TestS3Resume: an interrupted upload goes on where it was, and one that the store has forgotten begins anew.
func TestS3Resume(t *testing.T) {
	server := startObjects(t)
	store := openTest(t, s3Target(server.URL()))
	path, content := fileOf(t, 8*testPart+5)
	var state []byte
	put := func() error {
		return store.Put(t.Context(), Object{Key: "x.mp4", File: path, State: state, Save: func(s []byte) { state = s }})
	}
	lastParts := func(r *http.Request) bool {
		return len(r.URL.Query().Get("partNumber")) > 0 && r.URL.Query().Get("partNumber") > "6"
	}
	server.Fail(&objects.Fault{Status: 500, Match: lastParts})
	if err := put(); err == nil {
		t.Fatal("it succeeded")
	}
	if state == nil {
		t.Fatal("no state was saved")
	}
	server.Fail(nil)
	before := len(server.Requests())
	if err := put(); err != nil {
		t.Fatal(err)
	}
	sent := 0
	for _, r := range server.Requests()[before:] {
		if r.Method == http.MethodPut {
			sent++
		}
	}
	if sent < 1 || sent > 5 {
		t.Errorf("%d parts of 9 were sent again", sent)
	}
	if got, err := server.Read("recordings", "x.mp4"); err != nil || string(got) != string(content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	// The upload of the state is complete by now, so that the store does not know it any more.
	if err := put(); err != nil {
		t.Errorf("after the store forgot the upload: %v", err)
	}
	if begun, left := server.Uploads(); begun != 2 || left != 0 {
		t.Errorf("%d uploads begun, %d left", begun, left)
	}
}

func TestS3Probe(t *testing.T) {
	server := startObjects(t)
	store := openTest(t, s3Target(server.URL()))
	isAbort := func(r *http.Request) bool { return r.Method == http.MethodDelete }
	for _, c := range []struct {
		name     string
		fault    *objects.Fault
		text     string
		definite bool
	}{
		{"allowed", nil, "", false},
		{"refused", &objects.Fault{Status: 403, Code: "AccessDenied"}, "S3 upload failed: AccessDenied: AccessDenied, says the test", true},
		{"wrong key", &objects.Fault{Status: 403, Code: "InvalidAccessKeyId"}, "S3 upload failed: InvalidAccessKeyId: InvalidAccessKeyId, says the test", true},
		{"broken", &objects.Fault{Status: 500, Code: "InternalError"}, "S3 upload failed: InternalError: InternalError, says the test", false},
		{"without multipart", &objects.Fault{Status: 501, Code: "NotImplemented"}, "", false},
		{"without it by another name", &objects.Fault{Status: 405, Code: "MethodNotAllowed"}, "", false},
		{"write only", &objects.Fault{Status: 403, Code: "AccessDenied", Match: isAbort}, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			server.Fail(c.fault)
			defer server.Fail(nil)
			err := store.Probe(t.Context(), "räume/x.mp4")
			if got := fmt.Sprint(err); c.text != "" && got != c.text || (err == nil) != (c.text == "") {
				t.Errorf("%v, want %q", err, c.text)
			}
			if Definite(err) != c.definite {
				t.Errorf("%v is definite: %v", err, Definite(err))
			}
		})
	}
	if keys, err := server.Keys("recordings"); err != nil || len(keys) != 0 {
		t.Errorf("the probes left objects: %v, %v", keys, err)
	}
	missing := s3Target(server.URL())
	missing.Bucket = "nothere"
	if err := openTest(t, missing).Probe(t.Context(), "x"); ClassOf(err) != Missing || !strings.Contains(err.Error(), "NoSuchBucket") {
		t.Errorf("%v (%v)", err, ClassOf(err))
	}
}

// TestS3WriteOnly: who may only write uploads all the same.
func TestS3WriteOnly(t *testing.T) {
	server := startObjects(t)
	store := openTest(t, s3Target(server.URL()))
	server.Fail(&objects.Fault{Status: 403, Code: "AccessDenied", Match: func(r *http.Request) bool {
		return r.Method == http.MethodGet || r.Method == http.MethodHead
	}})
	for _, size := range []int{10, 3 * testPart} {
		path, content := fileOf(t, size)
		if err := store.Put(t.Context(), Object{Key: "x", File: path}); err != nil {
			t.Fatal(err)
		}
		if got, err := server.Read("recordings", "x"); err != nil || string(got) != string(content) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}

func TestS3Presigned(t *testing.T) {
	server := startObjects(t)
	store, err := openS3(t.Context(), s3Target(server.URL()), true, slog.New(slog.DiscardHandler), patience{still: time.Second}, testPart)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	path, content := fileOf(t, 10)
	if err := store.Put(t.Context(), Object{Key: "räume/x.mp4", File: path}); err != nil {
		t.Fatal(err)
	}
	link, err := store.Locate(t.Context(), "räume/x.mp4")
	if err != nil || !strings.Contains(link, "X-Amz-Expires=604800") || strings.Contains(link, testSecret) {
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

// TestS3Environment: keys that nobody configured.
func TestS3Environment(t *testing.T) {
	server := startObjects(t)
	target := s3Target(server.URL())
	target.AccessKey, target.Secret, target.Region = "", "", ""
	path, _ := fileOf(t, 10)
	err := openTest(t, target).Put(t.Context(), Object{Key: "x", File: path})
	if ClassOf(err) != Refused || !strings.HasPrefix(err.Error(), "S3 upload failed: no credentials: ") {
		t.Errorf("without any: %v (%v)", err, ClassOf(err))
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDOFENVIRONMENT")
	t.Setenv("AWS_SECRET_ACCESS_KEY", testSecret)
	t.Setenv("AWS_DEFAULT_REGION", "eu-north-7")
	if err := openTest(t, target).Put(t.Context(), Object{Key: "x", File: path}); err != nil {
		t.Fatal(err)
	}
	requests := server.Requests()
	if got := requests[len(requests)-1].Header.Get("Authorization"); !strings.Contains(got, "AKIDOFENVIRONMENT/") || !strings.Contains(got, "/eu-north-7/s3/") {
		t.Errorf("signed by %q", got)
	}
}

// TestS3AssumedRole: the role's own keys sign what is put.
func TestS3AssumedRole(t *testing.T) {
	server := startObjects(t)
	var asked url.Values
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		asked = r.Form
		if asked.Get("RoleArn") == "arn:aws:iam::1:role/closed" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not for you</Message></Error></ErrorResponse>`)
			return
		}
		fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>AKIDOFROLE</AccessKeyId><SecretAccessKey>roles</SecretAccessKey><SessionToken>roletoken</SessionToken><Expiration>%s</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	defer sts.Close()
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
	target := s3Target(server.URL())
	target.RoleARN, target.ExternalID = "arn:aws:iam::1:role/uploads", "external-of-customer"
	path, _ := fileOf(t, 10)
	if err := openTest(t, target).Put(t.Context(), Object{Key: "x", File: path}); err != nil {
		t.Fatal(err)
	}
	if asked.Get("ExternalId") != "external-of-customer" || asked.Get("RoleArn") != target.RoleARN {
		t.Errorf("STS was asked %v", asked)
	}
	requests := server.Requests()
	if h := requests[len(requests)-1].Header; !strings.Contains(h.Get("Authorization"), "AKIDOFROLE/") || h.Get("X-Amz-Security-Token") != "roletoken" {
		t.Errorf("signed by %q with %q", h.Get("Authorization"), h.Get("X-Amz-Security-Token"))
	}
	target.RoleARN = "arn:aws:iam::1:role/closed"
	if err := openTest(t, target).Probe(t.Context(), "x"); err == nil || err.Error() != "S3 upload failed: AccessDenied: not for you" || !Definite(err) {
		t.Errorf("a role that is refused: %v", err)
	}
}

func TestS3Proxy(t *testing.T) {
	server := startObjects(t)
	proxy, seen := startProxy(t, server.URL())
	target := s3Target("http://store.example")
	target.PathStyle = true
	target.Proxy = &Proxy{URL: proxy, Username: "user", Password: "pass-of-proxy"}
	path, content := fileOf(t, 10)
	if err := openTest(t, target).Put(t.Context(), Object{Key: "x.mp4", File: path}); err != nil {
		t.Fatal(err)
	}
	if got, err := server.Read("recordings", "x.mp4"); err != nil || string(got) != string(content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if told := seen(); !slices.Contains(told, proxyPassword) {
		t.Errorf("the proxy was told %q", told)
	}
	target.Proxy.URL = "http://127.0.0.1:1"
	if err := openTest(t, target).Probe(t.Context(), "x"); err == nil || strings.Contains(err.Error(), "pass-of-proxy") {
		t.Errorf("without the proxy: %v", err)
	}
}

// TestSecretsDoNotPrint: neither a target nor an error of it shows what nobody may know.
func TestSecretsDoNotPrint(t *testing.T) {
	s3 := s3Target("https://user:pw-in-url@store.example")
	s3.SessionToken, s3.ExternalID, s3.Proxy = "sessiontoken", "externalid", &Proxy{URL: "http://p", Password: "proxypassword"}
	target := Target{S3: &s3}
	var out strings.Builder
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "target", target, "s3", s3, "pointer", &s3)
	out.WriteString(fmt.Sprintf("%v %+v %#v %s %q %d %v", target, target, target, target, target, target, s3))
	store := &s3Store{target: s3}
	echo := fmt.Errorf("the store says: key %s secret %s token %s", s3.AccessKey, s3.Secret, s3.SessionToken)
	out.WriteString(store.explain(echo).Error())
	for _, secret := range append(s3.secrets(), "pw-in-url") {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q is in %s", secret, out.String())
		}
	}
}

// TestBucketRegion: Amazon is asked where a bucket is when nobody has said it, and may refuse the rest.
func TestBucketRegion(t *testing.T) {
	for _, c := range []struct {
		status int
		region string
		want   string
	}{{200, "eu-central-1", "eu-central-1"}, {403, "ap-south-1", "ap-south-1"}, {301, "sa-east-1", "sa-east-1"}, {404, "", "us-east-1"}} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				t.Error("it is asked with somebody's keys")
			}
			if c.region != "" {
				w.Header().Set("X-Amz-Bucket-Region", c.region)
			}
			w.WriteHeader(c.status)
		}))
		here := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		}}
		conf := aws.Config{Region: "us-east-1", BaseEndpoint: aws.String("http://s3.example"), HTTPClient: &http.Client{Transport: here}}
		if got := bucketRegion(t.Context(), conf, "films"); got != c.want {
			t.Errorf("%d %q: %s, want %s", c.status, c.region, got, c.want)
		}
		server.Close()
	}
}
