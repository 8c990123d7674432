// Package subject is what the converters of the schema registry share: the client and its caches, the names of subjects, and the prefix
// that ties bytes to a schema.
//
// A worker has one [Pool]; every converter opens a [Client] from it. Clients with the same registry share connections and caches, so
// that a schema is fetched once a worker however many tasks read it, and once at a time.
package subject
