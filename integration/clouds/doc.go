// Package clouds runs object stores for tests on loopback: azurite (Microsoft's emulator of Azure Blob Storage, from npm),
// fake-gcs-server (Google Cloud Storage), and a fake of ours of AliOSS' protocol, for which nobody has an emulator. Before
// each stand the faults of integration/objects.
//
// scripts/setup installs the two programs below .cache.
package clouds
