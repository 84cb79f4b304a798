// Command reference writes docs/configuration.md anew; run it in the root of the repository.
package main
