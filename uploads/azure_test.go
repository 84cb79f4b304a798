package uploads

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ffegress/ffegress/integration/clouds"
)

func TestAzure(t *testing.T) {
	server, err := clouds.StartAzurite(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if err := server.Create(t.Context(), "recordings"); err != nil {
		t.Fatal(err)
	}
	direct, err := server.Container("recordings")
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	t.Setenv(azureEndpoint, server.Endpoint())
	open := func(t *testing.T, presign bool, name string, patience patience) Store {
		t.Helper()
		s, err := openAzure(AzureTarget{Account: clouds.AzureAccount, Key: clouds.AzureKey, Container: name}, presign, discard(),
			patience, testPart, quickTries)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	}
	cloud{
		subject: subject{
			store: open(t, false, "recordings", busyPatience),
			key:   func(name string) string { return "prefix/" + name },
			read:  func(t *testing.T, key string) ([]byte, error) { return server.Read(t.Context(), "recordings", key) },
			objects: func(t *testing.T) (whole, left int) {
				// A block of the probe cannot be taken back: blobs that were never committed do not count.
				for pages := direct.NewListBlobsFlatPager(nil); pages.More(); {
					page, err := pages.NextPage(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					whole += len(page.Segment.BlobItems)
				}
				return whole, 0
			},
		},
		front:  server.Server,
		open:   func(t *testing.T, presign bool) Store { return open(t, presign, "recordings", busyPatience) },
		with:   func(t *testing.T, p patience) Store { return open(t, false, "recordings", p) },
		broken: func(t *testing.T) Store { return open(t, false, "nothere", busyPatience) },
		says:   xmlFault,
		codes: map[Class]trouble{
			Refused: {403, "AuthorizationFailure"}, Missing: {404, "ContainerNotFound"}, Invalid: {400, "InvalidResourceName"},
			Transient: {500, "InternalError"}, Full: {507, "InsufficientStorage"},
		},
		sends: func(r *http.Request) bool {
			return r.Method == http.MethodPut && r.URL.Query().Get("comp") != "blocklist"
		},
		late: func(r *http.Request) bool {
			id := r.URL.Query().Get("blockid")
			return r.URL.Query().Get("comp") == "block" && blockNumber(id) > 5
		},
		secret: clouds.AzureKey,
	}.test(t)
	if t.Failed() {
		return
	}
	path, _ := fileOf(t, 3*testPart)
	if err := open(t, false, "recordings", busyPatience).Put(t.Context(), Object{Key: "typed.mp4", File: path, ContentType: "video/mp4"}); err != nil {
		t.Fatal(err)
	}
	is, err := direct.NewBlobClient("typed.mp4").GetProperties(t.Context(), nil)
	if err != nil || is.ContentType == nil || *is.ContentType != "video/mp4" {
		t.Errorf("content type %v, %v", is.ContentType, err)
	}
}

// TestAzureLocation has the public cloud's.
func TestAzureLocation(t *testing.T) {
	target := AzureTarget{Account: "acc", Key: clouds.AzureKey, Container: "recordings"}
	for presign, want := range map[bool]string{
		false: "https://acc.blob.core.windows.net/recordings/a/x.mp4", true: "https://acc.blob.core.windows.net/recordings/a",
	} {
		s, err := openAzure(target, presign, discard(), patient, minPart, quickTries)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Locate(t.Context(), "a/x.mp4")
		if err != nil || presign && (!strings.HasPrefix(got, want) || !strings.Contains(got, "sig=")) || !presign && got != want {
			t.Errorf("%s, %v", got, err)
		}
		s.Close()
	}
}
