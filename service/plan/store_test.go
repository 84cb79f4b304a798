package plan

import (
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
