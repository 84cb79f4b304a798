package check

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/livekit/protocol/utils/guid"

	"github.com/ffegress/ffegress/service/plan"
	"github.com/ffegress/ffegress/uploads"
)

// checkStorage tries the configured store and its backup as an egress does when it starts, and leaves nothing there.
func checkStorage(ctx context.Context, s *subject) []Result {
	store := plan.Configured(s.conf)
	if store.Local() {
		return ok("files stay on this machine, or go where requests say")
	}
	name := guid.New("ffegress-check-")
	found := s.tryStore(ctx, "storage", store.Target, store.Key(name))
	if b := store.BackupOf(name); b != nil && !b.Target.Local() {
		found = append(found, s.tryStore(ctx, "backup", b.Target, b.Key)...)
	}
	return found
}

func (s *subject) tryStore(ctx context.Context, section string, target uploads.Target, key string) []Result {
	section += "." + strings.ToLower(target.Provider())
	err := probe(ctx, target, key)
	if err == nil {
		return ok("%s takes files (%s)", target, section)
	}
	text := oneLine(err)
	if _, why, ok := strings.Cut(text, " upload failed: "); ok {
		text = why
	}
	text = fmt.Sprintf("%s: %s", target, text)
	switch fault, known := faultOf(err, s.patience); {
	case uploads.ClassOf(err) == uploads.Missing:
		return fail(text, fmt.Sprintf("create the bucket or container, or correct its name in %s", section))
	case uploads.ClassOf(err) == uploads.Refused:
		return fail(text, fmt.Sprintf("correct the account and its secret in %s, and let it write there", section))
	case uploads.ClassOf(err) == uploads.Invalid:
		return fail(text, "correct "+section)
	case known:
		return fail(fmt.Sprintf("%s: %s", target, fault.found), fmt.Sprintf("correct the endpoint in %s, or look at the network; what is recorded meanwhile is kept and tried for hours", section))
	case errors.Is(err, context.DeadlineExceeded):
		return fail(fmt.Sprintf("%s: no answer within %v", target, s.patience), "look at the network, or "+slow)
	}
	return fail(text, "look at the store; what is recorded meanwhile is kept and tried for hours")
}

func probe(ctx context.Context, target uploads.Target, key string) error {
	store, err := uploads.Open(ctx, target, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer store.Close()
	return store.Probe(ctx, key)
}
