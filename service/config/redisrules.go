package config

import "reflect"

// redis reports what cannot be right in the redis section, and keys that do nothing beside the others.
func (r *reader) redis(c *Redis, bad func(string, string, ...any)) {
	sentinel, cluster := len(c.SentinelAddresses) > 0, len(c.ClusterAddresses) > 0
	if !c.configured() {
		bad("redis", "%v: it has no address", ErrNoRedis)
	}
	if sentinel && c.SentinelMaster == "" {
		bad("redis.sentinel_addresses", "sentinel_master_name is missing: sentinels are asked for a master by its name")
	}
	if t := c.TLS; t != nil && (t.ClientCertFile == "") != (t.ClientKeyFile == "") {
		bad("redis.tls", "client_cert_file and client_key_file need each other")
	}
	v := reflect.ValueOf(c).Elem()
	const onlySentinel, onlyCluster = "has an effect with sentinel_addresses only", "has an effect with cluster_addresses only"
	if sentinel {
		r.idle("redis", v, "has no effect beside sentinel_addresses", "address", "cluster_addresses")
	} else {
		r.idle("redis", v, onlySentinel, "sentinel_master_name", "sentinel_username", "sentinel_password",
			"dial_timeout", "read_timeout", "write_timeout")
	}
	if cluster && !sentinel {
		r.idle("redis", v, "has no effect beside cluster_addresses", "address")
		r.idle("redis", v, "has no effect: a cluster has only database 0", "db")
	} else {
		r.idle("redis", v, onlyCluster, "max_redirects")
	}
	r.redisTLS(c)
}

func (r *reader) redisTLS(c *Redis) {
	if c.TLS == nil || c.TLS.Enabled {
		return
	}
	line, said := r.lines["redis.tls.enabled"]
	if said && c.UseTLS {
		r.warn(Conflict, "redis.tls.enabled", line, "differs from use_tls, which is used")
	}
	r.idle("redis.tls", reflect.ValueOf(c.TLS).Elem(), "has no effect without tls.enabled",
		"insecure", "server_name", "ca_cert_file", "client_cert_file", "client_key_file")
}

// idle warns of those keys of a section that are set.
func (r *reader) idle(path string, section reflect.Value, why string, keys ...string) {
	fields := fieldsOf(section)
	for _, key := range keys {
		p := join(path, key)
		line, there := r.lines[p]
		if !there {
			line = r.lines[p+fileSuffix]
		}
		if !fields[key].IsZero() {
			r.warn(NoEffect, p, line, why)
		}
	}
}
