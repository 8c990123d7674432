// Package rest is the REST API of Kafka Connect on a herder. Echo stays inside this package: handlers are functions from a request to a
// response, and one place each turns errors into answers and sends requests on to the worker that must serve them.
//
// # What differs from Kafka Connect
//
//   - A body that is malformed or of another shape is a 400 that says line and column, not a 500 of the JSON parser. It quotes no values. The
//     beginnings that tools match ("Cannot deserialize value", "Cannot construct instance", "Unrecognized field") are the same.
//   - Null values in a configuration are refused with a 400 wherever a whole configuration is sent, except for a null name in PUT.
//   - A URI or header of more than 12 KiB is a 431, one of a broken escape a 400, both in plain text; a body of more than 16 MiB is a 413.
//   - A broken Content-Type is a 415, and a %00 in a path a 400 in JSON, where Jetty answers 400 in HTML.
//   - Names with slashes can be managed through any worker. Names in braces can be created.
//   - Signatures of internal requests are sent on, so that a change of leader does not cost a try.
//
// Everything else is that of release 4.1, whose CORS rules are those of 4.0: access.control.allow.origin holds regular expressions.
//
// # Coverage of the black-box checklist
//
// Tests of this package run against a herder in memory, behind a real listener. They cover what is decided here:
//
//	routing, verbs, slashes, matrix parameters   TestRouting
//	OPTIONS sets, HEAD                           TestOptionsAndHead
//	Accept, Content-Type, charset                TestContentNegotiation
//	percent-decoding, names                      TestNamesInPaths, TestCreating
//	bodies: errors, leniency, escaping           TestBodies…, TestStringsAreEscapedAsJacksonDoes, FuzzBody, FuzzMarshalKeepsText
//	/, /health                                   TestWorkerItself
//	listing and expand                           TestListing
//	info, config, status, tasks, offsets         TestReads
//	POST, PUT, PATCH of configurations           TestCreating, TestBodies…
//	pause, resume, stop, restart, DELETE         TestChangingState
//	topics                                       TestTopicsOfAConnector
//	plugins, validate                            TestPlugins
//	forwarding: hops, texts, Location, errors    TestForwarding, TestWhatIsSentOn, TestAnswersOfOtherWorkers
//	internal requests                            TestAPeerSignsTaskConfigurations, TestASignatureIsSentOn
//	limits, panics                               TestLimits, TestAPanicFailsOneRequest
//	response headers, CORS                       TestConfiguredHeaders, TestCORS
//
// Texts and order of validation errors are tested in package validation. What a herder decides (what states follow, what a rebalance or a
// broker that hangs does, which tasks a restart takes) is not tested here. Not offered yet: changing and resetting offsets,
// /admin/loggers, PUT …/fence, TLS and basic authentication, the version in statuses (KIP-891), the request log.
package rest
