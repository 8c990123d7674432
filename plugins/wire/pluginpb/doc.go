// Package pluginpb holds the generated messages of plugin.proto. Regenerate with `make proto`; CI compares.
package pluginpb
