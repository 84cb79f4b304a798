package plan

import (
	"cmp"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/ffegress/ffegress/service/config"
	"github.com/ffegress/ffegress/uploads"
)

const s3Request = `{"room_name": "r", "file_outputs": [{"filepath": "a/x.mp4", "s3": {
	"access_key": "k", "secret": "s", "session_token": "t", "region": "eu", "endpoint": "http://store", "bucket": "theirs",
	"force_path_style": true, "metadata": {"m": "1"}, "tagging": "a=b", "content_disposition": "attachment",
	"proxy": {"url": "http://p", "username": "u", "password": "pw"}}}]}`

// requested is what s3Request asks for.
func requested() *uploads.S3Target {
	return &uploads.S3Target{
		AccessKey: "k", Secret: "s", SessionToken: "t", Region: "eu", Endpoint: "http://store", Bucket: "theirs", PathStyle: true,
		Metadata: map[string]string{"m": "1"}, Tagging: "a=b", Disposition: "attachment",
		Proxy:    &uploads.Proxy{URL: "http://p", Username: "u", Password: "pw"},
		Attempts: 5, MaxDelay: int64(5 * time.Second),
	}
}

func TestStore(t *testing.T) {
	configured := &config.S3{
		AccessKey: "ck", Secret: "cs", SessionToken: "ct", AssumeRoleARN: "arn:c", AssumeRoleExternalID: "ce", Region: "us", Bucket: "ours",
		MaxRetries: 7, MaxRetryDelay: time.Second, Proxy: &config.Proxy{URL: "http://cp", Password: "cpw"},
	}
	const plain = `{"room_name": "r", "file_outputs": [{"filepath": "a/x.mp4"}]}`
	const roleRequest = `{"room_name": "r", "file_outputs": [{"s3": {"bucket": "theirs", "assume_role_arn": "arn:r", "assume_role_external_id": "re"}}]}`
	roleKeys := func(c *config.Config) {
		c.S3AssumeRoleARN, c.S3AssumeRoleExternalID, c.S3AssumeRoleKey, c.S3AssumeRoleSecret = "arn:acct", "ae", "ak", "as"
	}
	for _, c := range []struct {
		name    string
		conf    func(*config.Config)
		request string
		want    *uploads.S3Target // nil = local
	}{
		{"none", nil, plain, nil},
		{"configured", func(c *config.Config) { c.Storage.S3 = configured }, plain, &uploads.S3Target{
			AccessKey: "ck", Secret: "cs", SessionToken: "ct", RoleARN: "arn:c", ExternalID: "ce", Region: "us", Bucket: "ours",
			Attempts: 7, MaxDelay: int64(time.Second), Proxy: &uploads.Proxy{URL: "http://cp", Password: "cpw"},
		}},
		{"requested", nil, s3Request, requested()},
		{"requested, another configured", func(c *config.Config) { c.Storage.GCP = &config.GCP{} }, s3Request, requested()},
		{"requested, S3 configured", func(c *config.Config) { c.Storage.S3 = configured }, s3Request, func() *uploads.S3Target {
			r := requested()
			r.Attempts, r.MaxDelay = 7, int64(time.Second)
			return r
		}()},
		{"the account's role for the request's keys", roleKeys, s3Request, func() *uploads.S3Target {
			r := requested()
			r.RoleARN, r.ExternalID = "arn:acct", "ae"
			return r
		}()},
		{"the request's role with the account's keys", roleKeys, roleRequest, &uploads.S3Target{
			AccessKey: "ak", Secret: "as", RoleARN: "arn:r", ExternalID: "re", Bucket: "theirs", Attempts: 5, MaxDelay: int64(5 * time.Second),
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := testConfig()
			conf.Storage.Prefix, conf.Storage.GeneratePresignedURL = "pre", true
			if c.conf != nil {
				c.conf(conf)
			}
			p, err := New(conf, parse(t, "room", c.request))
			if err != nil {
				t.Fatal(err)
			}
			got := p.Stores.File
			if !reflect.DeepEqual(got.S3, c.want) || !got.Presign || got.Prefix != "pre" {
				t.Errorf("got %#v", got.S3)
			}
			inWork := filepath.Dir(p.File.Path) == p.WorkDir
			if inWork == got.Local() {
				t.Errorf("it is made as %s", p.File.Path)
			}
			if err := p.Prepare(); err != nil && !got.Local() {
				t.Errorf("prepare: %v", err)
			}
		})
	}
}

func TestKey(t *testing.T) {
	for _, c := range []struct{ prefix, name, want string }{
		{"", "a/x.mp4", "a/x.mp4"},
		{"", "/out/x.mp4", "/out/x.mp4"},
		{"pre", "/out/x.mp4", "pre/out/x.mp4"},
		{"pre/", "räume/x.mp4", "pre/räume/x.mp4"},
	} {
		if got := (Store{Prefix: c.prefix}).Key(c.name); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestStores: the other providers, configured and requested, and what stands behind them.
func TestStores(t *testing.T) {
	const key = `{"type": "service_account"}`
	for _, c := range []struct {
		name    string
		conf    func(*config.Config)
		request string // the output's store
		want    uploads.Target
	}{
		{"GCP configured", func(c *config.Config) {
			c.Storage.GCP = &config.GCP{CredentialsJSON: key, Bucket: "b", Proxy: &config.Proxy{URL: "http://p"}}
		}, "", uploads.Target{GCS: &uploads.GCSTarget{Credentials: key, Bucket: "b", Proxy: &uploads.Proxy{URL: "http://p"}}}},
		{"GCP configured by a file", func(c *config.Config) {
			c.Storage.GCP = &config.GCP{CredentialsJSON: "/etc/key.json", Bucket: "b"}
		}, "", uploads.Target{GCS: &uploads.GCSTarget{CredentialsFile: "/etc/key.json", Bucket: "b"}}},
		{"GCP by default", func(c *config.Config) { c.Storage.GCP = &config.GCP{Bucket: "b"} }, "",
			uploads.Target{GCS: &uploads.GCSTarget{Bucket: "b"}}},
		{"GCP requested", nil, `"gcp": {"credentials": "/etc/key.json", "bucket": "b", "proxy": {"url": "http://p", "password": "pw"}}`,
			uploads.Target{GCS: &uploads.GCSTarget{Credentials: "/etc/key.json", Bucket: "b", Proxy: &uploads.Proxy{URL: "http://p", Password: "pw"}}}},
		{"Azure configured", func(c *config.Config) {
			c.Storage.Azure = &config.Azure{AccountName: "a", AccountKey: "k", ContainerName: "c"}
		}, "", uploads.Target{Azure: &uploads.AzureTarget{Account: "a", Key: "k", Container: "c"}}},
		{"Azure requested, GCP configured", func(c *config.Config) { c.Storage.GCP = &config.GCP{Bucket: "b"} },
			`"azure": {"account_name": "a", "account_key": "k", "container_name": "c"}`,
			uploads.Target{Azure: &uploads.AzureTarget{Account: "a", Key: "k", Container: "c"}}},
		{"AliOSS configured", func(c *config.Config) {
			c.Storage.AliOSS = &config.AliOSS{AccessKey: "k", Secret: "s", Region: "never read", Endpoint: "oss.example", Bucket: "b"}
		}, "", uploads.Target{AliOSS: &uploads.AliOSSTarget{AccessKey: "k", Secret: "s", Endpoint: "oss.example", Bucket: "b"}}},
		{"AliOSS requested", nil, `"aliOSS": {"access_key": "k", "secret": "s", "region": "r", "endpoint": "oss.example", "bucket": "b"}`,
			uploads.Target{AliOSS: &uploads.AliOSSTarget{AccessKey: "k", Secret: "s", Endpoint: "oss.example", Bucket: "b"}}},
		{"two configured", func(c *config.Config) {
			c.Storage.Azure, c.Storage.GCP = &config.Azure{AccountName: "a"}, &config.GCP{Bucket: "b"}
		}, "", uploads.Target{GCS: &uploads.GCSTarget{Bucket: "b"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := testConfig()
			conf.Storage.Prefix, conf.Storage.GeneratePresignedURL = "pre", true
			conf.Backup = &config.Storage{Prefix: "second", AliOSS: &config.AliOSS{AccessKey: "bk", Secret: "bs", Endpoint: "oss.example", Bucket: "backups"}}
			if c.conf != nil {
				c.conf(conf)
			}
			p, err := New(conf, parse(t, "room", `{"room_name": "r", "file_outputs": [{"filepath": "a/x.mp4", `+cmp.Or(c.request, `"disable_manifest": true`)+`}]}`))
			if err != nil {
				t.Fatal(err)
			}
			got := p.Stores.File
			c.want.Presign = true
			if !reflect.DeepEqual(got.Target, c.want) || got.Prefix != "pre" {
				t.Errorf("got %#v", got.Target)
			}
			backup := &uploads.Backup{Key: "second/a/x.mp4", Target: uploads.Target{
				AliOSS: &uploads.AliOSSTarget{AccessKey: "bk", Secret: "bs", Endpoint: "oss.example", Bucket: "backups"},
			}}
			if got := got.BackupOf("a/x.mp4"); !reflect.DeepEqual(got, backup) {
				t.Errorf("backup %v", got)
			}
			for _, m := range p.Manifests() {
				if m.Disabled != (c.request == "") {
					t.Errorf("manifest %s disabled: %v", m.Name, m.Disabled)
				}
			}
			if len(p.Manifests()) != 1 {
				t.Errorf("%d manifests", len(p.Manifests()))
			}
		})
	}
}

// TestBackup: what a section without a store means, and where there is no backup.
func TestBackup(t *testing.T) {
	s3 := func(c *config.Config) { c.Storage.S3 = &config.S3{Bucket: "b"} }
	for _, c := range []struct {
		name string
		conf func(*config.Config)
		want *uploads.Backup
	}{
		{"none", s3, nil},
		{"of this machine", func(c *config.Config) { s3(c); c.Backup = &config.Storage{Prefix: "/backup"} }, &uploads.Backup{Key: "/backup/x.mp4"}},
		{"of this machine, which is forbidden", func(c *config.Config) {
			s3(c)
			c.Backup, c.DisallowLocalStorage = &config.Storage{Prefix: "/backup"}, true
		}, nil},
		{"of this machine, elsewhere", func(c *config.Config) {
			s3(c)
			c.Backup, c.LocalOutput.Roots = &config.Storage{Prefix: "/backup"}, []string{"/out"}
		}, nil},
		{"of this machine, below a root", func(c *config.Config) {
			s3(c)
			c.Backup, c.LocalOutput.Roots = &config.Storage{Prefix: "/out/backup"}, []string{"/out"}
		}, &uploads.Backup{Key: "/out/backup/x.mp4"}},
		{"for this machine", func(c *config.Config) { c.Backup = &config.Storage{S3: &config.S3{Bucket: "b"}} }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := testConfig()
			c.conf(conf)
			p, err := New(conf, parse(t, "room", `{"room_name": "r", "file_outputs": [{"filepath": "x.mp4"}]}`))
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Stores.File.BackupOf("x.mp4"); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
