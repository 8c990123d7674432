// Package plugintest tests connectors the three ways in which they run: called directly, over an in-memory gRPC connection, and as a
// real process. A test binary that uses it must let [Main] run its tests, since it starts itself again as the plugin process.
//
//	func TestMain(m *testing.M) { plugintest.Main(m, plugin()) }
//
//	func TestConformance(t *testing.T) {
//		plugintest.Source(t, plugin(), plugintest.SourceCase{Class: "…", Props: …, Feed: …})
//	}
package plugintest
