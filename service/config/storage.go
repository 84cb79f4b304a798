package config

import (
	"os"
	"time"
)

// Storage is where files go: the storage, backup and debug sections.
type Storage struct {
	// Prefix is joined in front of every storage path, local ones too.
	Prefix               string  `yaml:"prefix,omitempty"`
	GeneratePresignedURL bool    `yaml:"generate_presigned_url,omitempty"`
	S3                   *S3     `yaml:"s3,omitempty"`
	GCP                  *GCP    `yaml:"gcp,omitempty"`
	Azure                *Azure  `yaml:"azure,omitempty"`
	AliOSS               *AliOSS `yaml:"alioss,omitempty"`
}

// S3 is Amazon's or a compatible store; empty keys mean the AWS default credential chain.
type S3 struct {
	AccessKey            Secret            `yaml:"access_key,omitempty"`
	Secret               Secret            `yaml:"secret,omitempty"`
	SessionToken         Secret            `yaml:"session_token,omitempty"`
	AssumeRoleARN        string            `yaml:"assume_role_arn,omitempty"`
	AssumeRoleExternalID Secret            `yaml:"assume_role_external_id,omitempty"`
	Region               string            `yaml:"region,omitempty"`
	Endpoint             string            `yaml:"endpoint,omitempty"`
	Bucket               string            `yaml:"bucket,omitempty"`
	ForcePathStyle       bool              `yaml:"force_path_style,omitempty"`
	Proxy                *Proxy            `yaml:"proxy_config,omitempty"`
	MaxRetries           int               `yaml:"max_retries,omitempty"`
	MaxRetryDelay        time.Duration     `yaml:"max_retry_delay,omitempty"`
	MinRetryDelay        time.Duration     `yaml:"min_retry_delay,omitempty"`
	Metadata             map[string]string `yaml:"metadata,omitempty"`
	Tagging              string            `yaml:"tagging,omitempty"`
	ContentDisposition   string            `yaml:"content_disposition,omitempty"`
}

// GCP is Google Cloud Storage; CredentialsJSON is the content of a service account file, empty means Google's defaults.
type GCP struct {
	CredentialsJSON Secret `yaml:"credentials_json,omitempty"`
	Bucket          string `yaml:"bucket,omitempty"`
	Proxy           *Proxy `yaml:"proxy_config,omitempty"`
}

// Azure is Azure Blob Storage; name and key default to AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY.
type Azure struct {
	AccountName   Secret `yaml:"account_name,omitempty"`
	AccountKey    Secret `yaml:"account_key,omitempty"`
	ContainerName string `yaml:"container_name,omitempty"`
}

// AliOSS is Alibaba Cloud's object storage. Region is in the README of 2022 and has never done anything.
type AliOSS struct {
	AccessKey Secret `yaml:"access_key,omitempty"`
	Secret    Secret `yaml:"secret,omitempty"`
	Region    string `yaml:"region,omitempty"`
	Endpoint  string `yaml:"endpoint,omitempty"`
	Bucket    string `yaml:"bucket,omitempty"`
}

// Proxy is an HTTP proxy in front of a store.
type Proxy struct {
	URL      string `yaml:"url,omitempty"`
	Username string `yaml:"username,omitempty"`
	Password Secret `yaml:"password,omitempty"`
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
	EnableProfiling     bool `yaml:"enable_profiling,omitempty"`
	EnableTrackLogging  bool `yaml:"enable_track_logging,omitempty"`
	EnableStreamLogging bool `yaml:"enable_stream_logging,omitempty"`
	EnableChromeLogging bool `yaml:"enable_chrome_logging,omitempty"`
	Storage             `yaml:",inline"`
}
