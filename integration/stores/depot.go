package stores

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ffegress/ffegress/integration/clouds"
	"github.com/ffegress/ffegress/integration/objects"
	"github.com/ffegress/ffegress/uploads"
)

const (
	bucket = "recordings"
	access = "AKIDOFTHERIG"
	secret = "secretoftherig"
)

// depot is a store of any kind with its emulator.
type depot struct {
	provider string
	front    *objects.Server // its faults
	target   uploads.Target
	section  map[string]any // of a configuration
	env      map[string]string
	read     func(ctx context.Context, key string) ([]byte, error)
	stop     func()
}

// opener starts a depot with its files below dir.
type opener func(ctx context.Context, dir string) (*depot, error)

// depots are all kinds.
var depots = []struct {
	id   string
	open opener
}{{"s3", openS3}, {"gcs", openGCS}, {"azure", openAzure}, {"alioss", openAliOSS}}

func openS3(_ context.Context, dir string) (*depot, error) {
	server, err := objects.Start(filepath.Join(dir, "s3"), bucket)
	if err != nil {
		return nil, err
	}
	return &depot{
		provider: "S3", front: server, stop: server.Close,
		target: uploads.Target{S3: &uploads.S3Target{
			AccessKey: access, Secret: secret, Bucket: bucket, Endpoint: server.URL(), Region: "us-east-1",
		}},
		section: map[string]any{"s3": map[string]any{
			"access_key": access, "secret": secret, "bucket": bucket, "endpoint": server.URL(), "region": "us-east-1",
		}},
		read: func(_ context.Context, key string) ([]byte, error) { return server.Read(bucket, key) },
	}, nil
}

func openGCS(context.Context, string) (*depot, error) {
	server, err := clouds.StartGCS(bucket)
	if err != nil {
		return nil, err
	}
	return &depot{
		provider: "GCP", front: server.Server, stop: server.Close,
		target:  uploads.Target{GCS: &uploads.GCSTarget{Bucket: bucket}},
		section: map[string]any{"gcp": map[string]any{"bucket": bucket}},
		env:     map[string]string{"STORAGE_EMULATOR_HOST": server.URL()},
		read:    func(_ context.Context, key string) ([]byte, error) { return server.Read(bucket, key) },
	}, nil
}

func openAzure(ctx context.Context, dir string) (*depot, error) {
	server, err := clouds.StartAzurite(filepath.Join(dir, "azure"))
	if err != nil {
		return nil, err
	}
	if err := server.Create(ctx, bucket); err != nil {
		server.Close()
		return nil, fmt.Errorf("create container: %w", err)
	}
	return &depot{
		provider: "Azure", front: server.Server, stop: server.Close,
		target: uploads.Target{Azure: &uploads.AzureTarget{Account: clouds.AzureAccount, Key: clouds.AzureKey, Container: bucket}},
		section: map[string]any{"azure": map[string]any{
			"account_name": clouds.AzureAccount, "account_key": clouds.AzureKey, "container_name": bucket,
		}},
		env:  map[string]string{"AZURE_STORAGE_SERVICE_ENDPOINT": server.Endpoint()},
		read: func(ctx context.Context, key string) ([]byte, error) { return server.Read(ctx, bucket, key) },
	}, nil
}

func openAliOSS(context.Context, string) (*depot, error) {
	server, err := clouds.StartOSS(bucket, access, secret)
	if err != nil {
		return nil, err
	}
	return &depot{
		provider: "AliOSS", front: server.Server, stop: server.Close,
		target: uploads.Target{AliOSS: &uploads.AliOSSTarget{AccessKey: access, Secret: secret, Bucket: bucket, Endpoint: server.URL()}},
		section: map[string]any{"alioss": map[string]any{
			"access_key": access, "secret": secret, "bucket": bucket, "endpoint": server.URL(),
		}},
		read: func(_ context.Context, key string) ([]byte, error) { return server.Read(key) },
	}, nil
}

// apply sets the emulator's variables in this process, for stores that are opened in it; undo takes them back.
func (d *depot) apply() (undo func() error, err error) {
	for name, value := range d.env {
		err = errors.Join(err, os.Setenv(name, value))
	}
	return func() (err error) {
		for name := range d.env {
			err = errors.Join(err, os.Unsetenv(name))
		}
		return err
	}, err
}
