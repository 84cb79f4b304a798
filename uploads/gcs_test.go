package uploads

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ffegress/ffegress/integration/clouds"
	"github.com/ffegress/ffegress/integration/objects"
)

// jsonFault is a fault as Google tells it.
func jsonFault(status int, code string) objects.Fault {
	message := code + ", says the test"
	return objects.Fault{Status: status, Body: fmt.Sprintf(
		`{"error": {"code": %d, "message": %q, "errors": [{"reason": %q, "message": %q}]}}`, status, message, code, message)}
}

// account is a service account whose tokens a server of the test gives.
func account(t *testing.T, give http.HandlerFunc) (key string) {
	t.Helper()
	tokens := httptest.NewServer(give)
	t.Cleanup(tokens.Close)
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "recorder@project.example", "private_key_id": "1", "token_uri": tokens.URL,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func giveToken(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"access_token": "token-of-account", "token_type": "Bearer", "expires_in": 3600}`)
}

func startGCS(t *testing.T) *clouds.GCS {
	t.Helper()
	server, err := clouds.StartGCS("recordings")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	t.Setenv(gcsEmulator, server.URL())
	return server
}

func openTestGCS(t *testing.T, presign bool, target GCSTarget) Store {
	t.Helper()
	return openPatientGCS(t, presign, target, busyPatience)
}

func openPatientGCS(t *testing.T, presign bool, target GCSTarget, patience patience) Store {
	t.Helper()
	s, err := openGCS(t.Context(), target, presign, discard(), patience, testPart, quickTries)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestGCS(t *testing.T) {
	server := startGCS(t)
	target := GCSTarget{Bucket: "recordings", Credentials: account(t, giveToken)}
	open := func(t *testing.T, presign bool) Store { return openTestGCS(t, presign, target) }
	cloud{
		subject: subject{
			store: open(t, false),
			key:   func(name string) string { return "prefix/" + name },
			read:  func(_ *testing.T, key string) ([]byte, error) { return server.Read("recordings", key) },
			objects: func(t *testing.T) (int, int) {
				keys, err := server.Keys("recordings")
				if err != nil {
					t.Error(err)
				}
				return len(keys), server.Sessions()
			},
		},
		front: server.Server,
		open:  open,
		with:  func(t *testing.T, p patience) Store { return openPatientGCS(t, false, target, p) },
		broken: func(t *testing.T) Store {
			missing := target
			missing.Bucket = "nothere"
			return openTestGCS(t, false, missing)
		},
		says: jsonFault,
		codes: map[Class]trouble{
			Refused: {403, "forbidden"}, Missing: {404, "notFound"}, Invalid: {400, "invalid"},
			Transient: {500, "backendError"}, Full: {403, "quotaExceeded"},
		},
		sends: func(r *http.Request) bool {
			return r.Method == http.MethodPut || r.URL.Query().Get("uploadType") == "multipart"
		},
		late: func(r *http.Request) bool {
			from, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Content-Range"), "bytes "), "-")
			n, err := strconv.Atoi(from)
			return err == nil && n >= 5*testPart
		},
		secret: "PRIVATE KEY",
		sloppy: true,
	}.test(t)
}

// TestGCSCredentials: where the account comes from, and that its token goes with each request.
func TestGCSCredentials(t *testing.T) {
	server := startGCS(t)
	key := account(t, giveToken)
	file := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, environment string
		target            GCSTarget
	}{
		{"content", "", GCSTarget{Credentials: key, Bucket: "recordings"}},
		{"file", "", GCSTarget{CredentialsFile: file, Bucket: "recordings"}},
		{"application default", file, GCSTarget{Bucket: "recordings"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.environment != "" {
				t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", c.environment)
			}
			store := openTestGCS(t, true, c.target)
			for _, size := range []int{10, 3 * testPart} {
				path, _ := fileOf(t, size)
				before := len(server.Requests())
				if err := store.Put(t.Context(), Object{Key: "x.mp4", File: path, ContentType: "video/mp4"}); err != nil {
					t.Fatal(err)
				}
				for _, r := range server.Requests()[before:] {
					if got := r.Header.Get("Authorization"); got != "Bearer token-of-account" {
						t.Errorf("%s %s goes with %q", r.Method, r.URL, got)
					}
				}
			}
			link, err := store.Locate(t.Context(), "räume/x.mp4")
			if err != nil || !strings.Contains(link, "X-Goog-Expires=604") || !strings.Contains(link, "recorder%40project.example") {
				t.Errorf("%q, %v", link, err)
			}
		})
	}
	t.Run("missing file", func(t *testing.T) {
		_, err := openGCS(t.Context(), GCSTarget{CredentialsFile: file + "x", Bucket: "recordings"}, false, discard(), patient, gcsPart, quickTries)
		if ClassOf(err) != Refused || !strings.HasPrefix(err.Error(), "GCP upload failed: no credentials: ") {
			t.Errorf("%v (%v)", err, ClassOf(err))
		}
	})
	t.Run("account is refused", func(t *testing.T) {
		closed := account(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}`)
		})
		err := openTestGCS(t, false, GCSTarget{Credentials: closed, Bucket: "recordings"}).Probe(t.Context(), "x")
		if err == nil || err.Error() != "GCP upload failed: no credentials: invalid_grant: Invalid JWT Signature." || !Definite(err) {
			t.Errorf("%v (%v)", err, ClassOf(err))
		}
	})
	t.Run("links without a key", func(t *testing.T) {
		_, err := openGCS(t.Context(), GCSTarget{Bucket: "recordings"}, true, discard(), patient, gcsPart, quickTries)
		if ClassOf(err) != Invalid || !strings.Contains(fmt.Sprint(err), "presigned links need the key of a service account") {
			t.Errorf("%v (%v)", err, ClassOf(err))
		}
	})
}

func TestGCSLocation(t *testing.T) {
	s := &gcsStore{target: GCSTarget{Bucket: "films"}}
	if got, err := s.Locate(t.Context(), "a/x.mp4"); err != nil || got != "https://films.storage.googleapis.com/a/x.mp4" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestReceivedUntil(t *testing.T) {
	for _, c := range []struct {
		text string
		want int64 // -1 = an error
	}{
		{"", 0}, {"bytes=0-0", 1}, {"bytes=0-41", 42}, {"bytes=0-99", 100},
		{"bytes=0-100", -1}, {"bytes=1-41", -1}, {"bytes=0-", -1}, {"bytes=0--1", -1}, {"0-41", -1}, {"bytes=0-x", -1},
	} {
		got, err := receivedUntil(c.text, 100)
		if (err != nil) != (c.want < 0) || err == nil && got != c.want {
			t.Errorf("%q: %d, %v, want %d", c.text, got, err, c.want)
		}
	}
}

// FuzzReceivedUntil: whatever a store says, it is within the file.
func FuzzReceivedUntil(f *testing.F) {
	for _, text := range []string{"", "bytes=0-41", "bytes=0-99999999999999999999", "bytes=0--1", "bytes 0-41"} {
		f.Add(text, int64(100))
	}
	f.Fuzz(func(t *testing.T, text string, size int64) {
		if n, err := receivedUntil(text, size); err == nil && n != 0 && (n < 1 || n > size) {
			t.Errorf("%q: %d of %d", text, n, size)
		}
	})
}
