package uploads

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// GCSTarget is Google Cloud Storage.
type GCSTarget struct {
	// Credentials is the JSON key of a service account, CredentialsFile a file with one. Both empty = Google's
	// application default credentials.
	Credentials     string `json:"credentials,omitempty"`
	CredentialsFile string `json:"credentials_file,omitempty"`
	Bucket          string `json:"bucket"`
	Proxy           *Proxy `json:"proxy,omitempty"`
}

// Format implements fmt.Formatter: no verb prints a secret.
func (t GCSTarget) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, Target{GCS: &t}.String()) }

// LogValue implements slog.LogValuer.
func (t GCSTarget) LogValue() slog.Value { return Target{GCS: &t}.LogValue() }

// secrets are the values that no text may contain.
func (t GCSTarget) secrets() []string {
	list := []string{t.Credentials}
	if t.Proxy != nil {
		list = append(list, t.Proxy.Password)
	}
	return list
}

// AzureTarget is Azure Blob Storage.
type AzureTarget struct {
	Account   string `json:"account"`
	Key       string `json:"key"` // base64
	Container string `json:"container"`
}

// base is the URL of the account, without a slash at its end. An endpoint may be that of all accounts, whose names are
// in the path, as an emulator has them: then it ends with the account's.
func (t AzureTarget) base(endpoint string) string {
	if endpoint != "" {
		return strings.TrimSuffix(endpoint, "/")
	}
	return "https://" + t.Account + ".blob.core.windows.net"
}

// Format implements fmt.Formatter: no verb prints a secret.
func (t AzureTarget) Format(w fmt.State, _ rune) {
	_, _ = io.WriteString(w, Target{Azure: &t}.String())
}

// LogValue implements slog.LogValuer.
func (t AzureTarget) LogValue() slog.Value { return Target{Azure: &t}.LogValue() }

// secrets are the values that no text may contain. The account's name is in every location and is none.
func (t AzureTarget) secrets() []string { return []string{t.Key} }

// AliOSSTarget is Alibaba Cloud's object storage.
type AliOSSTarget struct {
	AccessKey string `json:"access_key"`
	Secret    string `json:"secret"`
	Endpoint  string `json:"endpoint"` // without a scheme https is meant
	Bucket    string `json:"bucket"`
}

// Format implements fmt.Formatter: no verb prints a secret.
func (t AliOSSTarget) Format(w fmt.State, _ rune) {
	_, _ = io.WriteString(w, Target{AliOSS: &t}.String())
}

// LogValue implements slog.LogValuer.
func (t AliOSSTarget) LogValue() slog.Value { return Target{AliOSS: &t}.LogValue() }

// secrets are the values that no text may contain.
func (t AliOSSTarget) secrets() []string { return []string{t.AccessKey, t.Secret} }
