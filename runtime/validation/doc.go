// Package validation checks connector configurations: the framework's own keys, those of transformations, predicates and converters, client
// overrides, and, in the plugin's process, those of the connector. It also knows which values are secrets.
//
// # What differs from Kafka Connect
//
//   - PASSWORDs are masked in stored configurations too, and so are secrets by name in client overrides and in keys that nothing defines here.
//     A mask sent back keeps the stored value; where none is stored it is an error.
//   - The text for a missing connector.class shows the keys and the name, no other values; texts of plugins have secrets taken out.
//   - Transformations and predicates are configured once to try them, and a predicate that is named must be listed: both fail at start in Java.
//   - Client overrides have no definitions and their values are not parsed. Keys with an enumeration recommend its values.
//   - Regular expressions are Go's, without look-around and back-references.
//   - offsets.storage.topic and exactly.once.support=required are refused, since this worker does not have them.
package validation
