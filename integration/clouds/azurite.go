package clouds

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// Account and its key are the ones that every Azure emulator has.
const (
	AzureAccount = "devstoreaccount1"
	AzureKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// Azurite is an emulator of Azure Blob Storage.
type Azurite struct{ *emulator }

// StartAzurite runs one with its blobs below dir. It has no container.
func StartAzurite(dir string) (*Azurite, error) {
	program, err := cached("azurite", "node_modules", ".bin", "azurite-blob")
	if err != nil {
		return nil, err
	}
	e, err := start(program, func(port string) []string {
		return []string{
			"--blobHost", "127.0.0.1", "--blobPort", port, "--location", filepath.Clean(dir),
			// The client's protocol may be newer; and nobody else is told what is tested.
			"--silent", "--skipApiVersionCheck", "--disableTelemetry",
		}
	}, nil)
	if err != nil {
		return nil, err
	}
	return &Azurite{e}, nil
}

// Endpoint is that of the account, behind the faults.
func (a *Azurite) Endpoint() string { return a.URL() + "/" + AzureAccount }

// Create makes a container.
func (a *Azurite) Create(ctx context.Context, name string) error {
	c, err := a.Container(name)
	if err == nil {
		_, err = c.Create(ctx, nil)
	}
	return err
}

// Container is a container without the faults.
func (a *Azurite) Container(name string) (*container.Client, error) {
	key, err := container.NewSharedKeyCredential(AzureAccount, AzureKey)
	if err != nil {
		return nil, err
	}
	return container.NewClientWithSharedKeyCredential(a.direct+"/"+AzureAccount+"/"+name, key, nil)
}

// Read is an object's content.
func (a *Azurite) Read(ctx context.Context, name, key string) ([]byte, error) {
	c, err := a.Container(name)
	if err != nil {
		return nil, err
	}
	out, err := c.NewBlobClient(key).DownloadStream(ctx, nil)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(out.Body)
	return body, errors.Join(err, out.Body.Close())
}
