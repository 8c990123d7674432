// Package serve is the author's side of the plugin system: [Main] turns a registry.Plugin into a plugin process.
package serve
