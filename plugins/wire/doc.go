// Package wire is what travels between a worker and a plugin process: frames of records, the codec that carries them through gRPC
// without copying them into protobuf, and the protobuf forms of errors, positions and (as the fallback) batches.
//
// # Frames
//
// A frame is one batch of records, in the direction of the stream. Schemas, topics and source partitions travel once a stream and are
// referred to by number afterwards; the numbers count up from 1 in the order of definition.
//
//	frame      = count uint32le, flags byte (1: forget all definitions first), item*
//	item       = 1 schema              data.AppendSchema
//	           | 2 text                a topic
//	           | 3 tagged value        a source partition
//	           | 4 record
//	record     = flags byte, more byte, [ids], [partition varint], [timestamp 8 bytes LE], [key], [value], [offset], [headers], [sink part]
//	ids        = uvarint topic, key schema, value schema, source partition; absent when flag same is set: as in the record before
//	sink part  = varint offset delta to the record before, timestamp type byte, [original topic uvarint, original partition varint]
//
// Values are in the binary form of package data. A schema number of 0 is "no schema", a partition number of 0 "no partition".
package wire
