package config

// Keys and address of `livekit-server --dev`.
const (
	devKey    = "devkey"
	devSecret = "secret"
	devWSURL  = "ws://127.0.0.1:7880"
)

// Default is the configuration of an empty file: environment and defaults.
func Default() (*Config, error) {
	c := base()
	if err := c.settle(); err != nil {
		return nil, err
	}
	return c, nil
}

// Dev is the configuration for a livekit-server started with --dev on this machine. The environment's keys are left
// out on purpose: they are likely those of a real server. Redis is left to the caller.
func Dev() (*Config, error) {
	c := base()
	c.APIKey, c.APISecret, c.WSURL = "", "", ""
	c.FillDev()
	if err := c.settle(); err != nil {
		return nil, err
	}
	return c, nil
}

// FillDev sets what of Dev's keys and address is still empty, for a config file used with --dev. Call it before the
// config is handed to anyone.
func (c *Config) FillDev() {
	if c.APIKey == "" && c.APISecret == "" {
		c.APIKey, c.APISecret = devKey, devSecret
	}
	if c.WSURL == "" {
		c.WSURL = devWSURL
	}
}
