package uploads

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/ffegress/ffegress/integration/clouds"
)

func TestAliOSS(t *testing.T) {
	server, err := clouds.StartOSS("recordings", testKey, testSecret)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	openPatient := func(t *testing.T, presign bool, target AliOSSTarget, patience patience) Store {
		t.Helper()
		s, err := openAliOSS(target, presign, discard(), patience, testPart, quickTries)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	}
	openAs := func(t *testing.T, presign bool, target AliOSSTarget) Store {
		t.Helper()
		return openPatient(t, presign, target, busyPatience)
	}
	target := AliOSSTarget{AccessKey: testKey, Secret: testSecret, Endpoint: server.URL(), Bucket: "recordings"}
	open := func(t *testing.T, presign bool) Store { return openAs(t, presign, target) }
	cloud{
		subject: subject{
			store: open(t, false),
			key:   func(name string) string { return "prefix/" + name },
			read:  func(_ *testing.T, key string) ([]byte, error) { return server.Read(key) },
			objects: func(*testing.T) (int, int) {
				whole, _, left := server.Counts()
				return whole, left
			},
		},
		front: server.Server,
		open:  open,
		with:  func(t *testing.T, p patience) Store { return openPatient(t, false, target, p) },
		broken: func(t *testing.T) Store {
			missing := target
			missing.Bucket = "nothere"
			return openAs(t, false, missing)
		},
		says: xmlFault,
		codes: map[Class]trouble{
			Refused: {403, "AccessDenied"}, Missing: {404, "NoSuchBucket"}, Invalid: {400, "InvalidObjectName"},
			Transient: {500, "InternalError"}, Full: {400, "QuotaExceeded"},
		},
		sends: func(r *http.Request) bool { return r.Method == http.MethodPut },
		late: func(r *http.Request) bool {
			n, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
			return err == nil && n > 5
		},
		secret: testSecret,
	}.test(t)

	t.Run("content type", func(t *testing.T) {
		for _, size := range []int{10, 3 * testPart} {
			path, _ := fileOf(t, size)
			if err := open(t, false).Put(t.Context(), Object{Key: "typed", File: path, ContentType: "video/mp4"}); err != nil {
				t.Fatal(err)
			}
			if got := server.ContentType("typed"); got != "video/mp4" {
				t.Errorf("%d bytes: %q", size, got)
			}
		}
	})
	t.Run("wrong secret", func(t *testing.T) {
		wrong := target
		wrong.Secret = "another"
		err := openAs(t, false, wrong).Probe(t.Context(), "x")
		if ClassOf(err) != Refused || !strings.HasPrefix(err.Error(), "AliOSS upload failed: SignatureDoesNotMatch: ") {
			t.Errorf("%v (%v)", err, ClassOf(err))
		}
	})
}

func TestAliOSSLocation(t *testing.T) {
	for endpoint, want := range map[string]string{
		"oss-cn-x.aliyuncs.com":         "https://films.oss-cn-x.aliyuncs.com/a/x.mp4",
		"http://oss-cn-x.aliyuncs.com/": "https://films.oss-cn-x.aliyuncs.com/a/x.mp4",
	} {
		s, err := openAliOSS(AliOSSTarget{AccessKey: "k", Secret: "s", Endpoint: endpoint, Bucket: "films"}, false, discard(), patient, minPart, quickTries)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Locate(t.Context(), "a/x.mp4"); err != nil || got != want {
			t.Errorf("%s: %q, %v", endpoint, got, err)
		}
		s.Close()
	}
}
