package config

import (
	"errors"
	"time"

	lkredis "github.com/livekit/protocol/redis"
	"github.com/livekit/protocol/xtls"
)

// ErrNoRedis is a missing redis section, or one without any address. The text is today's.
var ErrNoRedis = errors.New("redis is not configured")

// Redis is the redis section. Sentinel wins over cluster, cluster over a single address.
type Redis struct {
	Address  string `yaml:"address,omitempty"`
	Username string `yaml:"username,omitempty"`
	Password Secret `yaml:"password,omitempty"`
	DB       int    `yaml:"db,omitempty"`
	// UseTLS is the older way to say tls.enabled, and nothing else of tls holds then.
	UseTLS            bool      `yaml:"use_tls,omitempty"`
	TLS               *RedisTLS `yaml:"tls,omitempty"`
	SentinelMaster    string    `yaml:"sentinel_master_name,omitempty"`
	SentinelUsername  string    `yaml:"sentinel_username,omitempty"`
	SentinelPassword  Secret    `yaml:"sentinel_password,omitempty"`
	SentinelAddresses []string  `yaml:"sentinel_addresses,omitempty"`
	ClusterAddresses  []string  `yaml:"cluster_addresses,omitempty"`
	// Milliseconds, sentinel only; 0 = 2000, 200 and 200.
	DialTimeout  int           `yaml:"dial_timeout,omitempty"`
	ReadTimeout  int           `yaml:"read_timeout,omitempty"`
	WriteTimeout int           `yaml:"write_timeout,omitempty"`
	MaxRedirects *int          `yaml:"max_redirects,omitempty"`
	PoolTimeout  time.Duration `yaml:"pool_timeout,omitempty"`
	PoolSize     int           `yaml:"pool_size,omitempty"`
}

// RedisTLS is redis.tls.
type RedisTLS struct {
	Enabled        bool   `yaml:"enabled,omitempty"`
	Insecure       bool   `yaml:"insecure,omitempty"`
	ServerName     string `yaml:"server_name,omitempty"`
	CACertFile     string `yaml:"ca_cert_file,omitempty"`
	ClientCertFile string `yaml:"client_cert_file,omitempty"`
	ClientKeyFile  string `yaml:"client_key_file,omitempty"`
}

// RequireRedis returns ErrNoRedis if there is no Redis to connect to. Serving needs one, recording does not.
func (c *Config) RequireRedis() error {
	if !c.Redis.configured() {
		return ErrNoRedis
	}
	return nil
}

func (r *Redis) configured() bool {
	return r != nil && (r.Address != "" || len(r.SentinelAddresses) > 0 || len(r.ClusterAddresses) > 0)
}

// Secured reports whether TLS is spoken.
func (r *Redis) Secured() bool { return r.UseTLS || r.TLS != nil && r.TLS.Enabled }

// Client returns the section as livekit/protocol has it, the password in the clear; nil for nil.
func (r *Redis) Client() *lkredis.RedisConfig {
	if r == nil {
		return nil
	}
	conf := &lkredis.RedisConfig{
		Address:           r.Address,
		Username:          r.Username,
		Password:          r.Password.Reveal(),
		DB:                r.DB,
		MasterName:        r.SentinelMaster,
		SentinelUsername:  r.SentinelUsername,
		SentinelPassword:  r.SentinelPassword.Reveal(),
		SentinelAddresses: r.SentinelAddresses,
		ClusterAddresses:  r.ClusterAddresses,
		DialTimeout:       r.DialTimeout,
		ReadTimeout:       r.ReadTimeout,
		WriteTimeout:      r.WriteTimeout,
		MaxRedirects:      r.MaxRedirects,
		PoolTimeout:       r.PoolTimeout,
		PoolSize:          r.PoolSize,
	}
	if t := r.TLS; t != nil {
		conf.TLS = &xtls.Config{
			Enabled:        t.Enabled,
			Insecure:       t.Insecure,
			ServerName:     t.ServerName,
			CACertFile:     t.CACertFile,
			ClientCertFile: t.ClientCertFile,
			ClientKeyFile:  t.ClientKeyFile,
		}
	}
	if r.UseTLS && (conf.TLS == nil || !conf.TLS.Enabled) {
		conf.TLS = &xtls.Config{Enabled: true}
	}
	return conf
}
