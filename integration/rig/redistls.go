package rig

import (
	"context"
	"fmt"
	"path/filepath"
)

// Credentials of the servers that want some.
const (
	redisUser     = "rig"
	redisPassword = "rigredispassword"
)

// StartRedisTLS starts a server that speaks TLS only and wants a client certificate, a user name and a password.
func StartRedisTLS(ctx context.Context, dir string) (*Redis, error) {
	ports, err := FreePorts(1)
	if err != nil {
		return nil, err
	}
	certs, err := NewCertificates(filepath.Join(dir, "certificates"), "redis.rig.test")
	if err != nil {
		return nil, err
	}
	c, err := redisServer(ctx, dir, "redis", ports[0], fmt.Sprintf(`
port 0
tls-port %d
tls-cert-file %s
tls-key-file %s
tls-ca-cert-file %s
tls-auth-clients yes
user default off
user %s on >%s ~* &* +@all
`, ports[0], certs.Server, certs.ServerKey, certs.Authority, redisUser, redisPassword))
	if err != nil {
		return nil, err
	}
	addr := loopback(ports[0])
	return &Redis{Child: c, Addr: addr, Keys: map[string]any{
		"address": addr, "username": redisUser, "password": redisPassword, "db": 3,
		"tls": map[string]any{
			"enabled": true, "ca_cert_file": certs.Authority, "server_name": "redis.rig.test",
			"client_cert_file": certs.Client, "client_key_file": certs.ClientKey,
		},
	}}, nil
}
