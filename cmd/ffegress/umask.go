package main

import (
	"syscall"

	"github.com/ffegress/ffegress/service/config"
)

// setUmask gives this process, and all that it starts, the configured umask.
func setUmask(conf *config.Config) {
	if bits, ok := conf.LocalOutput.UmaskBits(); ok {
		syscall.Umask(bits)
	}
}
