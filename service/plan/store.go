package plan

import (
	"path"
	"path/filepath"
	"reflect"

	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/service/config"
	"github.com/ffegress/ffegress/uploads"
)

// Store is where the files of an output go.
type Store struct {
	uploads.Target
	// Prefix is the configured one, joined in front of each storage path.
	Prefix string
	// Backup is where files go once the target has failed; nil = nowhere. A target on this machine has none.
	Backup *BackupStore `json:",omitempty"`
}

// BackupStore is the configured second store.
type BackupStore struct {
	uploads.Target
	Prefix string
}

// Key is the place in the store of a file of that storage path.
func (s Store) Key(name string) string { return path.Join(s.Prefix, name) }

// BackupOf is where a file of that storage path goes once the target has failed, nil for nowhere.
func (s Store) BackupOf(name string) *uploads.Backup {
	if s.Backup == nil || s.Local() {
		return nil
	}
	return &uploads.Backup{Target: s.Backup.Target, Key: path.Join(s.Backup.Prefix, name)}
}

// same tells that two stores are one, reached in one way.
func (s Store) same(o Store) bool {
	return s.Target.Same(o.Target) && reflect.DeepEqual(s.Backup, o.Backup)
}

// Stores are where the outputs go.
type Stores struct {
	File     Store
	Segments Store
	Images   []Store // one for each image output
}

// Configured is where files go that a request names no store for.
func Configured(conf *config.Config) Store {
	s := Store{Target: configuredTarget(&conf.Storage), Prefix: conf.Storage.Prefix, Backup: backupOf(conf)}
	if s.Local() {
		s.Backup = nil
	}
	return s
}

// stores resolves where all outputs go.
func (w *wish) stores(conf *config.Config) (s Stores, err error) {
	if s.File, err = storeOf(conf, w.want.fileStore); err != nil {
		return Stores{}, err
	}
	if s.Segments, err = storeOf(conf, w.want.segmentsStore); err != nil {
		return Stores{}, err
	}
	for _, u := range w.want.imageStores {
		i, err := storeOf(conf, u)
		if err != nil {
			return Stores{}, err
		}
		s.Images = append(s.Images, i)
	}
	return s, nil
}

// storeOf resolves where an output goes: to the store that the request names for it, or to the configured one. A
// request's replaces the whole provider and keeps prefix, presigned links and backup.
func storeOf(conf *config.Config, named uploader) (Store, error) {
	s := Configured(conf)
	if named == nil {
		return s, nil
	}
	target, err := requestedTarget(conf, named)
	if err != nil {
		return Store{}, err
	}
	s = Store{Target: target, Prefix: conf.Storage.Prefix, Backup: backupOf(conf)}
	s.Presign = conf.Storage.GeneratePresignedURL
	if s.Local() {
		s.Backup = nil
	}
	return s, nil
}

// backupOf is the configured backup. A section that names no store means this machine, where files may go there.
func backupOf(conf *config.Config) *BackupStore {
	if conf.Backup == nil {
		return nil
	}
	b := &BackupStore{Target: configuredTarget(conf.Backup), Prefix: conf.Backup.Prefix}
	if b.Local() && (conf.DisallowLocalStorage || conf.Ground().Check(b.Prefix) != nil) {
		return nil
	}
	return b
}

// makeAside has a file that goes to another store be made in the work directory.
func (p *Plan) makeAside() {
	if p.File.Path != "" && !p.Stores.File.Local() {
		p.File.Path = filepath.Join(p.WorkDir, "recording"+filepath.Ext(p.File.Name))
	}
}

func errDisabled(feature string) error {
	return psrpc.NewErrorf(psrpc.PermissionDenied, "%s is disabled for this account", feature)
}
