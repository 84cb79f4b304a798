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
	Address  string `yaml:"address,omitempty"`  // host:port of the Redis that livekit-server uses
	Username string `yaml:"username,omitempty"` // its user
	Password Secret `yaml:"password,omitempty"` // its password
	DB       int    `yaml:"db,omitempty"`       // its database
	// UseTLS is the older way to say tls.enabled, and nothing else of tls holds then.
	UseTLS            bool          `yaml:"use_tls,omitempty"`
	TLS               *RedisTLS     `yaml:"tls,omitempty"`
	SentinelMaster    string        `yaml:"sentinel_master_name,omitempty"` // the master's name at the sentinels
	SentinelUsername  string        `yaml:"sentinel_username,omitempty"`    // the user of the sentinels
	SentinelPassword  Secret        `yaml:"sentinel_password,omitempty"`    // the password of the sentinels
	SentinelAddresses []string      `yaml:"sentinel_addresses,omitempty"`   // host:port of each sentinel; they go before a cluster
	ClusterAddresses  []string      `yaml:"cluster_addresses,omitempty"`    // host:port of nodes of a cluster; they go before address
	DialTimeout       int           `yaml:"dial_timeout,omitempty"`         // ms, with sentinels only; 0 = 2000
	ReadTimeout       int           `yaml:"read_timeout,omitempty"`         // ms, with sentinels only; 0 = 200
	WriteTimeout      int           `yaml:"write_timeout,omitempty"`        // ms, with sentinels only; 0 = 200
	MaxRedirects      *int          `yaml:"max_redirects,omitempty"`        // how often a cluster may send on; 2 when it is not set
	PoolTimeout       time.Duration `yaml:"pool_timeout,omitempty"`         // how long to wait for a connection; 0 = a little longer than a read
	PoolSize          int           `yaml:"pool_size,omitempty"`            // how many connections; 0 = ten for each core
}

// RedisTLS is redis.tls.
type RedisTLS struct {
	Enabled        bool   `yaml:"enabled,omitempty"`          // TLS, 1.2 at least
	Insecure       bool   `yaml:"insecure,omitempty"`         // its certificate is not looked at
	ServerName     string `yaml:"server_name,omitempty"`      // the name in its certificate; empty = the host of the address
	CACertFile     string `yaml:"ca_cert_file,omitempty"`     // who signs its certificate; empty = as this machine has it
	ClientCertFile string `yaml:"client_cert_file,omitempty"` // the certificate to show to it
	ClientKeyFile  string `yaml:"client_key_file,omitempty"`  // that certificate's key
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
