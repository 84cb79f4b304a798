package uploads

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"reflect"
)

// Target is the store of an output, with all that is needed to reach it. It is kept with a debt, so that another
// process can go on. It has secrets in it: it prints without them, and its JSON is for a [Sealer] only.
type Target struct {
	// One of these; none = this machine.
	S3     *S3Target     `json:"s3,omitempty"`
	GCS    *GCSTarget    `json:"gcs,omitempty"`
	Azure  *AzureTarget  `json:"azure,omitempty"`
	AliOSS *AliOSSTarget `json:"alioss,omitempty"`

	Presign bool `json:"presign,omitempty"`
	// Hasty says that there is another place for the file: silence is not waited for twice.
	Hasty bool `json:"hasty,omitempty"`
}

// S3Target is Amazon's S3 or a compatible store.
type S3Target struct {
	// AccessKey and Secret; both empty = the AWS default chain (environment, profile, role of the machine).
	AccessKey    string `json:"access_key,omitempty"`
	Secret       string `json:"secret,omitempty"`
	SessionToken string `json:"session_token,omitempty"`
	// RoleARN is assumed with these credentials; "" = they are used themselves.
	RoleARN    string `json:"role_arn,omitempty"`
	ExternalID string `json:"external_id,omitempty"`

	Region   string `json:"region,omitempty"`   // "" = found out, us-east-1 if it cannot be
	Endpoint string `json:"endpoint,omitempty"` // "" = Amazon's; without a scheme https is meant
	Bucket   string `json:"bucket"`
	// PathStyle puts the bucket into the path; where an endpoint needs that it is done without being told.
	PathStyle bool   `json:"path_style,omitempty"`
	Proxy     *Proxy `json:"proxy,omitempty"`

	Attempts int   `json:"attempts,omitempty"`     // of one call; 0 = 3
	MaxDelay int64 `json:"max_delay_ns,omitempty"` // between two, nanoseconds; 0 = 20 s

	Metadata    map[string]string `json:"metadata,omitempty"`
	Tagging     string            `json:"tagging,omitempty"`     // "k=v&k2=v2", URL-encoded
	Disposition string            `json:"disposition,omitempty"` // "" = inline
}

// Proxy is an HTTP proxy before a store.
type Proxy struct {
	URL      string `json:"url"`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
}

// Local tells that the target is this machine.
func (t Target) Local() bool { return t.S3 == nil && t.GCS == nil && t.Azure == nil && t.AliOSS == nil }

// Same tells that two targets are one place, reached in one way.
func (t Target) Same(o Target) bool { return reflect.DeepEqual(t, o) }

// Provider is the store's name in error texts.
func (t Target) Provider() string {
	switch {
	case t.S3 != nil:
		return nameS3
	case t.GCS != nil:
		return nameGCP
	case t.Azure != nil:
		return nameAzure
	case t.AliOSS != nil:
		return nameAliOSS
	}
	return nameLocal
}

// String names the place without secrets: "S3 bucket recordings at https://host".
func (t Target) String() string {
	switch {
	case t.S3 != nil:
		return placeOf(nameS3, t.S3.Bucket, t.S3.Endpoint)
	case t.GCS != nil:
		return placeOf(nameGCP, t.GCS.Bucket, "")
	case t.Azure != nil:
		return placeOf(nameAzure, t.Azure.Container, "") // the account's name is redacted everywhere
	case t.AliOSS != nil:
		return placeOf(nameAliOSS, t.AliOSS.Bucket, t.AliOSS.Endpoint)
	}
	return nameLocal
}

func placeOf(provider, bucket, endpoint string) string {
	s := provider + " bucket " + bucket
	if endpoint != "" {
		s += " at " + endpointHost(endpoint)
	}
	return s
}

// Format implements fmt.Formatter: no verb prints a secret.
func (t Target) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, t.String()) }

// LogValue implements slog.LogValuer.
func (t Target) LogValue() slog.Value { return slog.StringValue(t.String()) }

// Format implements fmt.Formatter: no verb prints a secret.
func (t S3Target) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, Target{S3: &t}.String()) }

// LogValue implements slog.LogValuer.
func (t S3Target) LogValue() slog.Value { return Target{S3: &t}.LogValue() }

// secrets are the values that no text may contain.
func (t S3Target) secrets() []string {
	list := []string{t.AccessKey, t.Secret, t.SessionToken, t.ExternalID}
	if t.Proxy != nil {
		list = append(list, t.Proxy.Password)
	}
	return list
}

// Open makes the target's store. It may look up the endpoint; what it finds wrong is an *Error.
func Open(ctx context.Context, t Target, log *slog.Logger) (Store, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if t.Local() {
		return localStore{}, nil
	}
	if err := t.incomplete(); err != "" {
		return nil, &Error{Store: t.Provider(), Class: Invalid, Reason: err, Err: errConfig}
	}
	patience := patient
	if t.Hasty {
		patience = hasty
	}
	switch {
	case t.GCS != nil:
		return opened(openGCS(ctx, *t.GCS, t.Presign, log, patience, gcsPart, defaultTries))
	case t.Azure != nil:
		return opened(openAzure(*t.Azure, t.Presign, log, patience, minPart, defaultTries))
	case t.AliOSS != nil:
		return opened(openAliOSS(*t.AliOSS, t.Presign, log, patience, minPart, defaultTries))
	}
	return opened(openS3(ctx, *t.S3, t.Presign, log, patience, minPart))
}

// opened keeps a nil pointer from becoming a Store that is not nil.
func opened[S Store](s S, err error) (Store, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// incomplete tells what must be named and is not.
func (t Target) incomplete() string {
	switch {
	case t.S3 != nil && t.S3.Bucket == "", t.GCS != nil && t.GCS.Bucket == "", t.AliOSS != nil && t.AliOSS.Bucket == "":
		return "no bucket is named"
	case t.AliOSS != nil && t.AliOSS.Endpoint == "":
		return "no endpoint is named"
	case t.Azure != nil && t.Azure.Container == "":
		return "no container is named"
	case t.Azure != nil && (t.Azure.Account == "" || t.Azure.Key == ""):
		return "no account is named"
	}
	return ""
}
