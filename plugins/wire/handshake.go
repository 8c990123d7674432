package wire

import plugin "github.com/hashicorp/go-plugin"

// ProtocolVersion is the major version of the conversation; a worker speaks this one and the one before.
const ProtocolVersion = 1

// SDKVersion is what a plugin built with this module announces.
const SDKVersion = "0.1.0"

// PluginName is the one name that go-plugin dispenses.
const PluginName = "connect"

// Handshake tells a plugin process started by a worker from one started by a person.
func Handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{
		ProtocolVersion:  ProtocolVersion,
		MagicCookieKey:   "KURIER_PLUGIN_COOKIE",
		MagicCookieValue: "d7a1f0b2-connect-plugin",
	}
}

// WindowSize is the HTTP/2 flow-control window of a stream, in bytes; a connection has four of them. The credits of a task bound what is
// under way, so the window only must not be the bottleneck.
const WindowSize = 8 << 20
