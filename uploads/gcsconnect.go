package uploads

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"cloud.google.com/go/storage"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"golang.org/x/oauth2/jwt"
	"google.golang.org/api/option"
)

const (
	// gcsEmulator is the variable by which Google's libraries know an emulator: "host:port" or a URL. Without
	// credentials none are looked for then.
	gcsEmulator = "STORAGE_EMULATOR_HOST"
	gcsScope    = storage.ScopeReadWrite
)

// gcsSigner is the key of a service account, which can sign links.
type gcsSigner struct {
	account string
	key     []byte // PEM
}

// gcsBase is the API's URL.
func gcsBase(emulator string) string {
	switch {
	case emulator == "":
		return "https://storage.googleapis.com"
	case strings.Contains(emulator, "://"):
		return strings.TrimSuffix(emulator, "/")
	}
	return "http://" + emulator
}

// connect makes the clients.
func (s *gcsStore) connect(ctx context.Context, patience patience) error {
	plain, err := plainClient(s.target.Proxy, patience)
	if err != nil {
		return err
	}
	s.idle = plain.CloseIdleConnections
	// Tokens are fetched by the same way, for as long as the store is open.
	tokens := context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, plain)
	source, err := s.credentials(tokens)
	if err != nil {
		return err
	}
	s.http = plain
	if source != nil {
		s.http = &http.Client{
			Transport:     &oauth2.Transport{Base: plain.Transport, Source: oauth2.ReuseTokenSource(nil, source)},
			CheckRedirect: plain.CheckRedirect,
		}
	}
	s.client, err = storage.NewClient(ctx, option.WithHTTPClient(s.http), option.WithEndpoint(s.base+"/storage/v1/"))
	if err != nil {
		return fmt.Errorf("%w: %w", errConfig, err)
	}
	// Whole calls are repeated by fastTries, which can read a body again.
	s.client.SetRetry(storage.WithPolicy(storage.RetryNever))
	return nil
}

// credentials are those of the target, or Google's application default. What a request brings must be the key of a
// service account: other kinds of credentials name files to read and programs to run.
func (s *gcsStore) credentials(ctx context.Context) (oauth2.TokenSource, error) {
	content := []byte(s.target.Credentials)
	if s.target.CredentialsFile != "" {
		var err error
		if content, err = os.ReadFile(s.target.CredentialsFile); err != nil {
			return nil, fmt.Errorf("%w: %w", errNoCredentials, err)
		}
	}
	if len(content) > 0 {
		conf, err := google.JWTConfigFromJSON(content, gcsScope)
		if err != nil {
			// The library's own text may show what it could not read.
			return nil, fmt.Errorf("%w: the credentials are not the JSON key of a service account", errConfig)
		}
		s.signer = signerOf(conf)
		return conf.TokenSource(ctx), nil
	}
	if os.Getenv(gcsEmulator) != "" && os.Getenv("GOOGLE_APPLICATION_CREDENTIALS") == "" {
		return nil, nil
	}
	found, err := google.FindDefaultCredentials(ctx, gcsScope)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoCredentials, err)
	}
	if conf, err := google.JWTConfigFromJSON(found.JSON, gcsScope); err == nil {
		s.signer = signerOf(conf)
	}
	return found.TokenSource, nil
}

func signerOf(conf *jwt.Config) *gcsSigner {
	if conf.Email == "" || len(conf.PrivateKey) == 0 {
		return nil
	}
	return &gcsSigner{conf.Email, conf.PrivateKey}
}

// errNoCredentials is a lack of them where they are looked for.
var errNoCredentials = errors.New("no credentials")
