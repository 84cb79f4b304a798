package service

import (
	"log/slog"

	"github.com/ffegress/ffegress/service/config"
	"github.com/ffegress/ffegress/service/session"
)

// NewDebts makes what sessions of a configuration upload with. Its Queue must be run.
func NewDebts(conf *config.Config, log *slog.Logger) (*session.Debts, error) {
	d, err := session.NewDebts(conf.WorkDir, conf.APISecret.Reveal(), log)
	if err != nil {
		return nil, err
	}
	d.Deadline, d.Probe, d.Ground = conf.UploadReportDeadline, conf.StorageProbe, conf.Ground()
	return d, nil
}
