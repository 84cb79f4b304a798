package uploads

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"golang.org/x/sync/errgroup"
)

// blockID names a block by its number and content, so that a block that an interrupted upload has left is known for what
// it is: the store compared the MD5 when it took it. All ids of a blob must be of one length.
func blockID(n int32, sum []byte) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%06d-%s", n, hex.EncodeToString(sum)))
}

// putBlocks sends the blocks that the store does not have yet, and puts the blob together.
func (s *azureStore) putBlocks(ctx context.Context, o Object, f io.ReaderAt, size int64) error {
	client := s.client.NewBlockBlobClient(o.Key)
	u := upload{Part: partSize(size, s.part), Size: size}
	if o.State == nil && o.Save != nil {
		// The blocks are found again by their names; all that is worth keeping is that there may be some.
		o.Save([]byte("{}"))
	}
	have := map[string]int64{}
	if o.State != nil {
		have = s.staged(ctx, client, o.Key)
	}
	ids := make([]string, u.parts())
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for n := range u.parts() {
		if within.Err() != nil {
			break
		}
		group.Go(func() (err error) {
			ids[n], err = s.sendBlock(within, client, f, u, n+1, have)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := client.CommitBlockList(ctx, ids, &blockblob.CommitBlockListOptions{HTTPHeaders: azureHeaders(o)})
	return err
}

func (s *azureStore) sendBlock(ctx context.Context, client *blockblob.Client, f io.ReaderAt, u upload, n int32, have map[string]int64) (id string, err error) {
	from, size := u.section(n)
	sum, err := md5Of(f, from, size)
	if err != nil {
		return "", err
	}
	id = blockID(n, sum)
	if have[id] == size {
		return id, nil
	}
	_, err = client.StageBlock(ctx, id, section(f, from, size), &blockblob.StageBlockOptions{
		TransactionalValidation: blob.TransferValidationTypeMD5(sum),
	})
	return id, err
}

// staged are the sizes of the blocks that an interrupted upload has left, by id. Without an answer there are none.
func (s *azureStore) staged(ctx context.Context, client *blockblob.Client, key string) map[string]int64 {
	have := map[string]int64{}
	list, err := client.GetBlockList(ctx, blockblob.BlockListTypeUncommitted, nil)
	if err != nil {
		s.log.Debug("an interrupted upload begins anew", "key", key, "error", s.explain(err))
		return have
	}
	for _, b := range list.UncommittedBlocks {
		if b != nil && b.Name != nil && b.Size != nil {
			have[*b.Name] = *b.Size
		}
	}
	return have
}
