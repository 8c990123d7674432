package server

import (
	"errors"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/metadata"
)

// Kafka error codes that the server answers with.
const (
	errNone                     int16 = 0
	errOffsetOutOfRange         int16 = 1
	errCorruptMessage           int16 = 2
	errUnknownTopic             int16 = 3
	errRequestTimedOut          int16 = 7
	errMessageTooLarge          int16 = 10
	errOffsetMetadataLarge      int16 = 12
	errCoordNotAvailable        int16 = 15
	errInvalidTopic             int16 = 17
	errRecordListTooLarge       int16 = 18
	errInvalidRequiredAcks      int16 = 21
	errInvalidGroupID           int16 = 24
	errClusterAuthorization     int16 = 31
	errInvalidTimestamp         int16 = 32
	errUnsupportedVersion       int16 = 35
	errUnsupportedMechanism     int16 = 33
	errIllegalSASLState         int16 = 34
	errSASLAuthenticationFailed int16 = 58
	errTopicAuthorization       int16 = 29
	errGroupAuthorization       int16 = 30
	errTxnIDAuthorization       int16 = 53
	errSecurityDisabled         int16 = 54
	errInvalidTxnState          int16 = 48
	errInvalidPidMapping        int16 = 49
	errOperationNotAttempted    int16 = 55
	errNoReassignment           int16 = 85
	errElectionNotNeeded        int16 = 84
	errResourceNotFound         int16 = 91
	errDuplicateResource        int16 = 92
	errUnacceptableCredential   int16 = 93
	errTxnAbortable             int16 = 120
	errTxnIDNotFound            int16 = 105
	errFetchSessionNotFound     int16 = 70
	errInvalidFetchSessionEpoch int16 = 71
	errFetchSessionTopicID      int16 = 106
	errUnstableOffsets          int16 = 88
	errProducerFenced           int16 = 90
	errNotEnoughReplicas        int16 = 19
	errCoordinatorFenced        int16 = 52
	errTopicExists              int16 = 36
	errInvalidPartitions        int16 = 37
	errInvalidReplication       int16 = 38
	errInvalidAssignment        int16 = 39
	errInvalidConfig            int16 = 40
	errInvalidRequest           int16 = 42
	errPolicyViolation          int16 = 44
	errOutOfOrderSequence       int16 = 45
	errInvalidProducerEpoch     int16 = 47
	errStorage                  int16 = 56
	errGroupNotFound            int16 = 69
	errFencedLeaderEpoch        int16 = 74
	errUnknownLeaderEpoch       int16 = 75
	errUnsupportedCodec         int16 = 76
	errInvalidRecord            int16 = 87
	errUnknownTopicID           int16 = 100
	errMismatchedEndpoint       int16 = 114
	errUnsupportedEndpoint      int16 = 115
	errRebootstrapRequired      int16 = 129
)

// codes maps the errors of the parts below to protocol codes.
var codes = []struct {
	err  error
	code int16
}{
	{commitlog.ErrOffsetOutOfRange, errOffsetOutOfRange},
	{commitlog.ErrOutOfOrderSequence, errOutOfOrderSequence},
	{commitlog.ErrProducerEpoch, errInvalidProducerEpoch},
	{commitlog.ErrCoordinatorEpoch, errCoordinatorFenced},
	{commitlog.ErrTxnState, errInvalidTxnState},
	{commitlog.ErrTooLarge, errMessageTooLarge},
	{commitlog.ErrSegmentTooSmall, errRecordListTooLarge},
	{commitlog.ErrCorrupt, errCorruptMessage},
	{commitlog.ErrInvalidRecord, errInvalidRecord},
	{commitlog.ErrTimestamp, errInvalidTimestamp},
	{commitlog.ErrUnsupportedCodec, errUnsupportedCodec},
	{commitlog.ErrDeleted, errUnknownTopic},
	{commitlog.ErrTimeout, errRequestTimedOut},
	{commitlog.ErrStorage, errStorage},
	{commitlog.ErrClosed, errStorage},
	{metadata.ErrExists, errTopicExists},
	{metadata.ErrUnknown, errUnknownTopic},
	{metadata.ErrName, errInvalidTopic},
}

func codeOf(err error) int16 {
	if err == nil {
		return errNone
	}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return errStorage
}
