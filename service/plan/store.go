package plan

import (
	"path"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/service/config"
	"github.com/ffegress/ffegress/uploads"
)

// What a request's S3 upload is tried with when no store is configured whose numbers it could have.
const (
	requestAttempts = 5
	requestMaxDelay = 5 * time.Second
)

// Store is where the files of an output go.
type Store struct {
	uploads.Target
	// Prefix is the configured one, joined in front of each storage path.
	Prefix string
}

// Key is the place in the store of a file of that storage path.
func (s Store) Key(name string) string { return path.Join(s.Prefix, name) }

// Stores are where the outputs go.
type Stores struct {
	File     Store
	Segments Store
	Images   []Store // one for each image output
}

// stores resolves where all outputs go.
func (w *wish) stores(conf *config.Config) (s Stores, err error) {
	if s.File, err = storeOf(conf, w.want.fileStore); err != nil {
		return Stores{}, err
	}
	if s.Segments, err = storeOf(conf, w.want.segmentsStore); err != nil {
		return Stores{}, err
	}
	for _, u := range w.want.imageStores {
		i, err := storeOf(conf, u)
		if err != nil {
			return Stores{}, err
		}
		s.Images = append(s.Images, i)
	}
	return s, nil
}

// storeOf resolves where an output goes: to the store that the request names for it, or to the configured one. A
// request's replaces the whole provider and keeps prefix and presigned links.
func storeOf(conf *config.Config, named uploader) (Store, error) {
	s := Store{Prefix: conf.Storage.Prefix, Target: uploads.Target{Presign: conf.Storage.GeneratePresignedURL}}
	var err error
	switch {
	case named == nil:
		if conf.Storage.Provider() == "S3" {
			s.S3 = configuredS3(conf.Storage.S3)
		}
	case named.GetS3() != nil:
		s.S3, err = requestedS3(conf, named.GetS3())
	}
	return s, err
}

// makeAside has a file that goes to another store be made in the work directory.
func (p *Plan) makeAside() {
	if p.File.Path != "" && !p.Stores.File.Local() {
		p.File.Path = filepath.Join(p.WorkDir, "recording"+filepath.Ext(p.File.Name))
	}
}

func configuredS3(c *config.S3) *uploads.S3Target {
	return &uploads.S3Target{
		AccessKey: c.AccessKey.Reveal(), Secret: c.Secret.Reveal(), SessionToken: c.SessionToken.Reveal(),
		RoleARN: c.AssumeRoleARN, ExternalID: c.AssumeRoleExternalID.Reveal(),
		Region: c.Region, Endpoint: c.Endpoint, Bucket: c.Bucket, PathStyle: c.ForcePathStyle,
		Proxy:    configuredProxy(c.Proxy),
		Attempts: c.MaxRetries, MaxDelay: int64(c.MaxRetryDelay),
		Metadata: c.Metadata, Tagging: c.Tagging, Disposition: c.ContentDisposition,
	}
}

func configuredProxy(p *config.Proxy) *uploads.Proxy {
	if p == nil {
		return nil
	}
	return &uploads.Proxy{URL: p.URL, Username: p.Username, Password: p.Password.Reveal()}
}

// requestedS3 is a request's store. The role of the configuration is for requests that name none, and its keys for
// requests that bring none.
func requestedS3(conf *config.Config, r *livekit.S3Upload) (*uploads.S3Target, error) {
	t := &uploads.S3Target{
		AccessKey: r.AccessKey, Secret: r.Secret, SessionToken: r.SessionToken,
		RoleARN: r.AssumeRoleArn, ExternalID: r.AssumeRoleExternalId,
		Region: r.Region, Endpoint: r.Endpoint, Bucket: r.Bucket, PathStyle: r.ForcePathStyle,
		Attempts: requestAttempts, MaxDelay: int64(requestMaxDelay),
		Metadata: r.Metadata, Tagging: r.Tagging, Disposition: r.ContentDisposition,
	}
	if p := r.Proxy; p != nil {
		t.Proxy = &uploads.Proxy{URL: p.Url, Username: p.Username, Password: p.Password}
	}
	if c := conf.Storage.S3; c != nil {
		t.Attempts, t.MaxDelay = c.MaxRetries, int64(c.MaxRetryDelay)
	}
	if t.RoleARN == "" && conf.S3AssumeRoleARN != "" {
		t.RoleARN, t.ExternalID = conf.S3AssumeRoleARN, conf.S3AssumeRoleExternalID.Reveal()
	}
	if t.RoleARN != "" && t.AccessKey == "" {
		if conf.S3AssumeRoleKey == "" || conf.S3AssumeRoleSecret == "" {
			return nil, errDisabled("S3 upload using AssumeRole")
		}
		t.AccessKey, t.Secret = conf.S3AssumeRoleKey.Reveal(), conf.S3AssumeRoleSecret.Reveal()
	}
	return t, nil
}

func errDisabled(feature string) error {
	return psrpc.NewErrorf(psrpc.PermissionDenied, "%s is disabled for this account", feature)
}
