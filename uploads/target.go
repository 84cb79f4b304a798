package uploads

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Target is the store of an output, with all that is needed to reach it. It is kept with a debt, so that another
// process can go on. It has secrets in it: it prints without them, and its JSON is for a [Sealer] only.
type Target struct {
	S3      *S3Target `json:"s3,omitempty"` // nil = this machine
	Presign bool      `json:"presign,omitempty"`
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
func (t Target) Local() bool { return t.S3 == nil }

// Provider is the store's name in error texts.
func (t Target) Provider() string {
	if t.S3 != nil {
		return nameS3
	}
	return nameLocal
}

// String names the place without secrets: "S3 bucket recordings at https://host".
func (t Target) String() string {
	if t.S3 == nil {
		return nameLocal
	}
	s := nameS3 + " bucket " + t.S3.Bucket
	if t.S3.Endpoint != "" {
		s += " at " + endpointHost(t.S3.Endpoint)
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
	if t.S3 == nil {
		return localStore{}, nil
	}
	if t.S3.Bucket == "" {
		return nil, &Error{Store: nameS3, Class: Invalid, Reason: "no bucket is named", Err: errors.New("no bucket")}
	}
	return openS3(ctx, *t.S3, t.Presign, log)
}
