package config

import (
	"os"
	"time"
)

// Storage is where files go: the storage, backup and debug sections.
type Storage struct {
	// Prefix is joined in front of every storage path, local ones too.
	Prefix               string  `yaml:"prefix,omitempty"`
	GeneratePresignedURL bool    `yaml:"generate_presigned_url,omitempty"` // locations are links that are good for 7 days
	S3                   *S3     `yaml:"s3,omitempty"`
	GCP                  *GCP    `yaml:"gcp,omitempty"`
	Azure                *Azure  `yaml:"azure,omitempty"`
	AliOSS               *AliOSS `yaml:"alioss,omitempty"`
}

// S3 is Amazon's or a compatible store; empty keys mean the AWS default credential chain.
type S3 struct {
	AccessKey            Secret            `yaml:"access_key,omitempty" env:"AWS_ACCESS_KEY_ID"` // account; empty = as AWS programs find theirs (environment, profile, role)
	Secret               Secret            `yaml:"secret,omitempty" env:"AWS_SECRET_ACCESS_KEY"` // the account's secret
	SessionToken         Secret            `yaml:"session_token,omitempty"`                      // of a temporary account
	AssumeRoleARN        string            `yaml:"assume_role_arn,omitempty"`                    // a role to take
	AssumeRoleExternalID Secret            `yaml:"assume_role_external_id,omitempty"`            // the role's external id
	Region               string            `yaml:"region,omitempty" env:"AWS_DEFAULT_REGION"`    // empty = found out
	Endpoint             string            `yaml:"endpoint,omitempty"`                           // URL of a store that is not Amazon
	Bucket               string            `yaml:"bucket,omitempty"`                             // where files go
	ForcePathStyle       bool              `yaml:"force_path_style,omitempty"`                   // the bucket in the path and not in the host name; found out where that must be
	Proxy                *Proxy            `yaml:"proxy_config,omitempty"`
	MaxRetries           int               `yaml:"max_retries,omitempty"`         // tries of one call; 0 = 3. The upload as a whole is tried for hours
	MaxRetryDelay        time.Duration     `yaml:"max_retry_delay,omitempty"`     // the longest pause between them
	MinRetryDelay        time.Duration     `yaml:"min_retry_delay,omitempty"`     // has never done anything
	Metadata             map[string]string `yaml:"metadata,omitempty"`            // goes with each object
	Tagging              string            `yaml:"tagging,omitempty"`             // tags of each object, as in a query
	ContentDisposition   string            `yaml:"content_disposition,omitempty"` // empty = inline
}

// GCP is Google Cloud Storage; CredentialsJSON is the content of a service account file, empty means Google's defaults.
type GCP struct {
	CredentialsJSON Secret `yaml:"credentials_json,omitempty" env:"GOOGLE_APPLICATION_CREDENTIALS"` // a service account's JSON, or the path of its file; empty = Google's defaults
	Bucket          string `yaml:"bucket,omitempty"`                                                // where files go
	Proxy           *Proxy `yaml:"proxy_config,omitempty"`
}

// Azure is Azure Blob Storage; name and key default to AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY.
type Azure struct {
	AccountName   Secret `yaml:"account_name,omitempty" env:"AZURE_STORAGE_ACCOUNT"` // the account
	AccountKey    Secret `yaml:"account_key,omitempty" env:"AZURE_STORAGE_KEY"`      // the account's key
	ContainerName string `yaml:"container_name,omitempty"`                           // where files go
}

// AliOSS is Alibaba Cloud's object storage. Region is in the README of 2022 and has never done anything.
type AliOSS struct {
	AccessKey Secret `yaml:"access_key,omitempty"` // AccessKeyId
	Secret    Secret `yaml:"secret,omitempty"`     // AccessKeySecret
	Region    string `yaml:"region,omitempty"`     // has never done anything
	Endpoint  string `yaml:"endpoint,omitempty"`   // needed
	Bucket    string `yaml:"bucket,omitempty"`     // where files go
}

// Proxy is an HTTP proxy in front of a store.
type Proxy struct {
	URL      string `yaml:"url,omitempty"`      // http:// or https://
	Username string `yaml:"username,omitempty"` // if it wants one
	Password Secret `yaml:"password,omitempty"` // of that user
}

// Provider names the store that is configured ("S3", "GCP", "Azure" or "AliOSS"; "" = local). If several are, the
// first in this order is taken, as today.
func (s Storage) Provider() string {
	if all := s.providers(); len(all) > 0 {
		return all[0]
	}
	return ""
}

func (s Storage) providers() []string {
	var all []string
	for _, p := range []struct {
		name string
		set  bool
	}{{"S3", s.S3 != nil}, {"GCP", s.GCP != nil}, {"Azure", s.Azure != nil}, {"AliOSS", s.AliOSS != nil}} {
		if p.set {
			all = append(all, p.name)
		}
	}
	return all
}

// fillEnv applies the environment variables that Azure's section may leave its account to.
func (s *Storage) fillEnv() {
	if s == nil || s.Azure == nil {
		return
	}
	if s.Azure.AccountName == "" {
		s.Azure.AccountName = Secret(os.Getenv("AZURE_STORAGE_ACCOUNT"))
	}
	if s.Azure.AccountKey == "" {
		s.Azure.AccountKey = Secret(os.Getenv("AZURE_STORAGE_KEY"))
	}
}

// Debug is the debug section: what to keep for fault finding, and where debug files go.
type Debug struct {
	EnableProfiling     bool             `yaml:"enable_profiling,omitempty"`      // profiles of the process: heap at an egress' end, and processors for one egress at a time
	EnableTrackLogging  bool             `yaml:"enable_track_logging,omitempty"`  // what comes of each track in a room without a page, as CSV
	EnableStreamLogging bool             `yaml:"enable_stream_logging,omitempty"` // what each stream does, as JSON lines
	EnableChromeLogging bool             `yaml:"enable_chrome_logging,omitempty"` // all that a page writes to its console is logged, and kept as JSON lines
	Storage             `yaml:",inline"` // where such files go at the end, to <prefix>/<egress_id>/, by the keys of storage
}
