package plan

import (
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/service/config"
	"github.com/ffegress/ffegress/uploads"
)

// What a request's S3 upload is tried with when no store is configured whose numbers it could have.
const (
	requestAttempts = 5
	requestMaxDelay = 5 * time.Second
)

// configuredTarget is the store of a section of the configuration. If it has several the first counts, as today.
func configuredTarget(c *config.Storage) uploads.Target {
	t := uploads.Target{Presign: c.GeneratePresignedURL}
	switch {
	case c.S3 != nil:
		t.S3 = configuredS3(c.S3)
	case c.GCP != nil:
		t.GCS = configuredGCS(c.GCP)
	case c.Azure != nil:
		t.Azure = &uploads.AzureTarget{
			Account: c.Azure.AccountName.Reveal(), Key: c.Azure.AccountKey.Reveal(), Container: c.Azure.ContainerName,
		}
	case c.AliOSS != nil:
		t.AliOSS = &uploads.AliOSSTarget{
			AccessKey: c.AliOSS.AccessKey.Reveal(), Secret: c.AliOSS.Secret.Reveal(), Endpoint: c.AliOSS.Endpoint, Bucket: c.AliOSS.Bucket,
		}
	}
	return t
}

// requestedTarget is the store that a request names.
func requestedTarget(conf *config.Config, r uploader) (t uploads.Target, err error) {
	switch {
	case r.GetS3() != nil:
		t.S3, err = requestedS3(conf, r.GetS3())
	case r.GetGcp() != nil:
		g := r.GetGcp()
		t.GCS = &uploads.GCSTarget{Credentials: g.Credentials, Bucket: g.Bucket, Proxy: requestedProxy(g.Proxy)}
	case r.GetAzure() != nil:
		a := r.GetAzure()
		t.Azure = &uploads.AzureTarget{Account: a.AccountName, Key: a.AccountKey, Container: a.ContainerName}
	case r.GetAliOSS() != nil:
		a := r.GetAliOSS()
		t.AliOSS = &uploads.AliOSSTarget{AccessKey: a.AccessKey, Secret: a.Secret, Endpoint: a.Endpoint, Bucket: a.Bucket}
	}
	return t, err
}

// configuredGCS: what is no JSON is the name of a file with it. A request may name none: it is for this machine's
// files.
func configuredGCS(c *config.GCP) *uploads.GCSTarget {
	t := &uploads.GCSTarget{Bucket: c.Bucket, Proxy: configuredProxy(c.Proxy)}
	credentials := strings.TrimSpace(c.CredentialsJSON.Reveal())
	if credentials == "" || strings.HasPrefix(credentials, "{") {
		t.Credentials = credentials
	} else {
		t.CredentialsFile = credentials
	}
	return t
}

func requestedProxy(p *livekit.ProxyConfig) *uploads.Proxy {
	if p == nil {
		return nil
	}
	return &uploads.Proxy{URL: p.Url, Username: p.Username, Password: p.Password}
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
		Proxy: requestedProxy(r.Proxy), Attempts: requestAttempts, MaxDelay: int64(requestMaxDelay),
		Metadata: r.Metadata, Tagging: r.Tagging, Disposition: r.ContentDisposition,
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
