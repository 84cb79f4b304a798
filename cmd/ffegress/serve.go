package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v3"

	"github.com/ffegress/ffegress/service"
	"github.com/ffegress/ffegress/service/config"
	"github.com/ffegress/ffegress/service/logs"
)

// configFlags name the configuration.
func configFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Usage: "YAML configuration `FILE`", Sources: cli.EnvVars("EGRESS_CONFIG_FILE")},
		&cli.StringFlag{Name: "config-body", Usage: "the configuration itself, as `YAML`", Sources: cli.EnvVars("EGRESS_CONFIG_BODY")},
	}
}

func serveFlags() []cli.Flag {
	return append(configFlags(),
		&cli.BoolFlag{Name: "dev", Usage: "no configuration needed: a Redis of its own on loopback, and the keys of livekit-server --dev"},
		&cli.StringFlag{Name: "dev-redis", Usage: "loopback `ADDRESS` of the Redis that --dev starts", Value: "127.0.0.1:6379"},
	)
}

func serveCommand() *cli.Command {
	return &cli.Command{
		Name:   "serve",
		Usage:  "serve requests of livekit-server over Redis (the default)",
		Flags:  serveFlags(),
		Action: serve,
	}
}

func serve(ctx context.Context, cmd *cli.Command) error {
	conf, warnings, err := serveConfig(cmd)
	if err != nil {
		return err
	}
	setUmask(conf)
	log := logs.New(os.Stderr, conf.Logging)
	warn(log, warnings)
	if cmd.Bool("dev") {
		dev, err := startDevRedis(cmd.String("dev-redis"))
		if err != nil {
			return err
		}
		defer dev.Close()
		conf.Redis = &config.Redis{Address: dev.Addr()}
		log.Info("development Redis is up", "address", dev.Addr())
	}
	ctx, hurry, stop := signals(ctx)
	defer stop()
	if err := conf.RequireRedis(); err != nil {
		return err
	}
	service.LogRedis(log)
	bus, err := service.Dial(ctx, conf.Redis.Client())
	if err != nil {
		return err
	}
	defer func() { _ = bus.Close() }()
	if err := conf.FindVideoEncoder(ctx, log); err != nil {
		return err
	}
	s, err := service.New(conf, bus, log)
	if err != nil {
		return err
	}
	return s.Run(ctx, hurry)
}

// serveConfig loads the configuration that the flags and environment name.
func serveConfig(cmd *cli.Command) (*config.Config, []config.Warning, error) {
	file, body := cmd.String("config"), cmd.String("config-body")
	if !cmd.Bool("dev") {
		return config.Resolve(file, body)
	}
	conf, warnings, err := optionalConfig(file, body, config.Dev)
	if err != nil {
		return nil, nil, err
	}
	conf.FillDev()
	return conf, warnings, nil
}

// optionalConfig loads the configuration if one is named.
func optionalConfig(file, body string, otherwise func() (*config.Config, error)) (*config.Config, []config.Warning, error) {
	if file == "" && body == "" {
		conf, err := otherwise()
		return conf, nil, err
	}
	return config.Resolve(file, body)
}

// signals ends ctx at the first SIGINT, SIGTERM or SIGQUIT and closes hurry at the second.
func signals(ctx context.Context) (context.Context, <-chan struct{}, func()) {
	ctx, cancel := context.WithCancel(ctx)
	ch := make(chan os.Signal, 2)
	hurry := make(chan struct{})
	signal.Notify(ch, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	stopped := make(chan struct{})
	go func() {
		for n := 1; ; n++ {
			select {
			case <-ch:
			case <-stopped:
				return
			}
			switch n {
			case 1:
				cancel()
			case 2:
				close(hurry)
			}
		}
	}()
	return ctx, hurry, func() { signal.Stop(ch); close(stopped); cancel() }
}
