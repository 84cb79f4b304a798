package uploads

import (
	"bytes"
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
)

const nameAzure = "Azure"

// azureEndpoint is the variable by which the az command knows another endpoint than the public cloud's, such as that of
// a sovereign cloud or an emulator: "https://account.blob.core.chinacloudapi.cn".
const azureEndpoint = "AZURE_STORAGE_SERVICE_ENDPOINT"

// azureStore is a container of Azure Blob Storage.
type azureStore struct {
	target  AzureTarget
	base    string // URL of the account, without a slash at its end
	presign bool
	client  *container.Client
	http    *http.Client
	part    int64 // bytes of a block, at least; smaller files go up in one piece
	log     *slog.Logger
}

var _ Store = (*azureStore)(nil)

// openAzure is given waits and sizes that tests make small.
func openAzure(t AzureTarget, presign bool, log *slog.Logger, patience patience, part int64, tries fastTries) (*azureStore, error) {
	s := &azureStore{target: t, base: t.base(os.Getenv(azureEndpoint)), presign: presign, part: part, log: log}
	if err := s.connect(patience, tries); err != nil {
		return nil, s.explain(err)
	}
	return s, nil
}

func (s *azureStore) connect(patience patience, tries fastTries) (err error) {
	key, err := container.NewSharedKeyCredential(s.target.Account, s.target.Key)
	if err != nil {
		return fmt.Errorf("%w: the account key is not base64", errConfig) // its own text shows the key
	}
	if s.http, err = plainClient(nil, patience); err != nil {
		return err
	}
	s.client, err = container.NewClientWithSharedKeyCredential(s.base+"/"+s.target.Container, key, &container.ClientOptions{
		ClientOptions: azcore.ClientOptions{Transport: s.http, Retry: policy.RetryOptions{
			MaxRetries: int32(tries.attempts - 1), RetryDelay: tries.first, MaxRetryDelay: tries.longest,
		}},
	})
	return err
}

func (s *azureStore) Name() string { return nameAzure }
func (s *azureStore) Close()       { s.http.CloseIdleConnections() }

// Put uploads a small file in one piece and a large one in blocks. Every piece goes with its MD5, which the store
// compares; at the end the blob's size is asked for, where that is allowed.
func (s *azureStore) Put(ctx context.Context, o Object) error {
	return putFile(ctx, nameAzure, o, s.explain, func(f *os.File, info os.FileInfo) (err error) {
		if info.Size() <= s.part {
			err = s.putWhole(ctx, o, f, info.Size())
		} else {
			err = s.putBlocks(ctx, o, f, info.Size())
		}
		if err != nil {
			return err
		}
		return s.confirm(ctx, o.Key, info.Size())
	})
}

func (s *azureStore) putWhole(ctx context.Context, o Object, f *os.File, size int64) error {
	sum, err := md5Of(f, 0, size)
	if err != nil {
		return err
	}
	headers := azureHeaders(o)
	headers.BlobContentMD5 = sum
	_, err = s.client.NewBlockBlobClient(o.Key).Upload(ctx, section(f, 0, size), &blockblob.UploadOptions{
		TransactionalValidation: blob.TransferValidationTypeMD5(sum),
		HTTPHeaders:             headers,
	})
	return err
}

func azureHeaders(o Object) *blob.HTTPHeaders {
	return &blob.HTTPHeaders{BlobContentType: optional(o.ContentType)}
}

// section is a part of a file as the library wants it.
func section(f io.ReaderAt, from, size int64) io.ReadSeekCloser {
	return streaming.NopCloser(io.NewSectionReader(f, from, size))
}

// confirm asks for the blob that was just put. Who may only write gets no answer, and has the MD5 of each piece
// compared by the store as confirmation.
func (s *azureStore) confirm(ctx context.Context, key string, size int64) error {
	is, err := s.client.NewBlockBlobClient(key).GetProperties(ctx, nil)
	switch {
	case err != nil && azureStatus(err) == http.StatusNotFound:
		return fmt.Errorf("%w: the object is not there after it was uploaded", errUnconfirmed)
	case err != nil:
		s.log.Debug("the uploaded object cannot be looked at", "key", key, "error", s.explain(err))
		return nil
	case is.ContentLength != nil && *is.ContentLength != size:
		return fmt.Errorf("%w: the store has %d bytes of %d", errUnconfirmed, *is.ContentLength, size)
	}
	return nil
}

// Probe sends one block and does not commit it: that needs the permission to write, and makes no blob. The block cannot
// be taken back; it goes with the upload that follows, or after a week.
func (s *azureStore) Probe(ctx context.Context, key string) error {
	once := policy.WithRetryOptions(ctx, policy.RetryOptions{MaxRetries: -1})
	body := []byte{0}
	sum := md5.Sum(body)
	_, err := s.client.NewBlockBlobClient(key).StageBlock(once, blockID(0, sum[:]), section(bytes.NewReader(body), 0, 1), nil)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return s.explain(err)
}

// Locate is the blob's URL, or one signed with the account's key.
func (s *azureStore) Locate(_ context.Context, key string) (string, error) {
	if !s.presign {
		return s.base + "/" + s.target.Container + "/" + key, nil
	}
	link, err := s.client.NewBlobClient(key).GetSASURL(sas.BlobPermissions{Read: true}, time.Now().Add(presignedFor), nil)
	if err != nil {
		return "", s.explain(err)
	}
	return link, nil
}
