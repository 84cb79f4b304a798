package check

import (
	"context"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/ffegress/ffegress/integration/rig"
)

// section is a configuration with one redis section.
func section(t *testing.T, keys map[string]any, other map[string]any) *subject {
	t.Helper()
	all := maps.Clone(keys)
	maps.Copy(all, other)
	body, err := yaml.Marshal(map[string]any{"redis": all})
	if err != nil {
		t.Fatal(err)
	}
	return about(t, string(body))
}

func startRedis(t *testing.T, start func(context.Context, string) (*rig.Redis, error)) *rig.Redis {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := start(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

const alone = "answers, but no livekit-server listens on it"

func TestRedisPlain(t *testing.T) {
	r := startRedis(t, rig.StartRedis)
	for _, c := range []struct {
		name          string
		change        map[string]any
		status        Status
		found, remedy string
	}{
		{"good", nil, Warn, alone, "give both the same redis section"},
		{"refused", map[string]any{"address": "127.0.0.1:1"}, Fail, "127.0.0.1:1: connection refused", "start redis-server"},
		{"no host", map[string]any{"address": "does-not-exist.invalid:6379"}, Fail, "DNS", "resolv.conf"},
		{"no port", map[string]any{"address": "localhost"}, Fail, "missing port", "host:port"},
		{"password for nothing", map[string]any{"password": secret}, Warn, alone, ""},
		{"user", map[string]any{"username": "u", "password": secret}, Fail, "refuses the user name or password", "correct redis.username"},
		{"database", map[string]any{"db": 99}, Fail, "no such database", "correct redis.db"},
		{"cluster", map[string]any{"address": "", "cluster_addresses": []string{r.Addr}}, Fail, "it is no cluster", "redis.address instead"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want(t, checkRedis(t.Context(), section(t, r.Keys, c.change)), c.status, c.found, c.remedy)
		})
	}
	want(t, checkRedis(t.Context(), about(t, "api_key: k")), Fail, "redis is not configured", "set redis.address")

	deaf := section(t, r.Keys, map[string]any{"use_tls": true})
	deaf.patience = 300 * time.Millisecond
	want(t, one{"redis", checkRedis}.bounded(t.Context(), deaf), Fail, "over TLS: no answer", "leave redis.tls out")

	rc, err := r.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	do := func(args ...any) {
		t.Helper()
		if err := rc.Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	do("REPLICAOF", "127.0.0.1", "1")
	want(t, checkRedis(t.Context(), section(t, r.Keys, nil)), Fail, "it is a replica", "sentinel_")
	do("REPLICAOF", "NO", "ONE")
	do("ACL", "SETUSER", "narrow", "on", ">"+secret, "~*", "resetchannels", "+@all")
	want(t, checkRedis(t.Context(), section(t, r.Keys, map[string]any{"username": "narrow", "password": secret})), Fail, "may not do what is needed", "ACL SETUSER")
	do("CONFIG", "SET", "requirepass", secret)
	want(t, checkRedis(t.Context(), section(t, r.Keys, nil)), Fail, "it wants a password", "set redis.password")
	want(t, checkRedis(t.Context(), section(t, r.Keys, map[string]any{"password": secret + "x"})), Fail, "refuses the user name or password", "correct")
	want(t, checkRedis(t.Context(), section(t, r.Keys, map[string]any{"password": secret})), Warn, alone, "")
}

func TestRedisTLS(t *testing.T) {
	r := startRedis(t, rig.StartRedisTLS)
	tls := func(change map[string]any) map[string]any {
		keys := maps.Clone(r.Keys["tls"].(map[string]any))
		maps.Copy(keys, change)
		return map[string]any{"tls": keys}
	}
	other, err := rig.NewCertificates(filepath.Join(t.TempDir(), "other"), "redis.rig.test")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name          string
		change        map[string]any
		status        Status
		found, remedy string
	}{
		{"good", nil, Warn, r.Addr + " over TLS " + alone, ""},
		{"insecure", tls(map[string]any{"insecure": true, "server_name": "x", "ca_cert_file": ""}), Warn, alone, ""},
		{"system's authorities", tls(map[string]any{"ca_cert_file": ""}), Fail, "signed by an authority that is not known", "ca_cert_file"},
		{"another authority", tls(map[string]any{"ca_cert_file": other.Authority}), Fail, "TLS: ", "ca_cert_file"},
		{"another name", tls(map[string]any{"server_name": "elsewhere.test"}), Fail, "not elsewhere.test", "server_name"},
		{"no client certificate", tls(map[string]any{"client_cert_file": "", "client_key_file": ""}), Fail, " over TLS: ", "client_cert_file"},
		{"client certificate of another", tls(map[string]any{"client_cert_file": other.Client, "client_key_file": other.ClientKey}), Fail, " over TLS: ", "client_cert_file"},
		{"file missing", tls(map[string]any{"ca_cert_file": "/nowhere/ca.pem"}), Fail, "/nowhere/ca.pem", ""},
		{"plain", map[string]any{"tls": nil}, Fail, "closed the connection without an answer", "set redis.tls.enabled"},
		{"password", map[string]any{"password": secret}, Fail, "refuses the user name or password", "correct"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want(t, checkRedis(t.Context(), section(t, r.Keys, c.change)), c.status, c.found, c.remedy)
		})
	}
}

func TestRedisSentinels(t *testing.T) {
	r := startRedis(t, rig.StartRedisSentinels)
	for _, c := range []struct {
		name          string
		change        map[string]any
		status        Status
		found, remedy string
	}{
		{"good", nil, Warn, "rigmaster by sentinels 127.0.0.1:", "same redis section"},
		{"master's name", map[string]any{"sentinel_master_name": "other"}, Fail, "no master of that name", "correct redis.sentinel_master_name"},
		{"sentinels away", map[string]any{"sentinel_addresses": []string{"127.0.0.1:1", "127.0.0.1:2"}}, Fail, "127.0.0.1:1: connection refused", "start redis-server"},
		{"one sentinel away", map[string]any{"sentinel_addresses": append([]string{"127.0.0.1:1"}, r.Keys["sentinel_addresses"].([]string)...)}, Warn, "answers, but not at 127.0.0.1:1", "take the address out"},
		{"sentinel's password", map[string]any{"sentinel_password": secret}, Fail, "refuses the", "correct"},
		{"password", map[string]any{"password": secret}, Fail, "refuses the", "correct"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want(t, checkRedis(t.Context(), section(t, r.Keys, c.change)), c.status, c.found, c.remedy)
		})
	}
}

func TestRedisCluster(t *testing.T) {
	r := startRedis(t, rig.StartRedisCluster)
	want(t, checkRedis(t.Context(), section(t, r.Keys, nil)), Warn, "cluster 127.0.0.1:", "same redis section")
	want(t, checkRedis(t.Context(), section(t, r.Keys, map[string]any{"password": secret})), Fail, "refuses the", "correct")
	// A key of this client's own choosing may be at home on the node that is asked.
	found := false
	for range 20 {
		got := checkRedis(t.Context(), section(t, map[string]any{"address": r.Addr, "password": r.Keys["password"]}, nil))
		if found = got[0].Status == Fail; found {
			want(t, got, Fail, "it is a node of a cluster", "redis.cluster_addresses")
			break
		}
	}
	if !found {
		t.Error("a node of a cluster was taken for a Redis of its own")
	}
}
