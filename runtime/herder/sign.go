package herder

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// KeyAlgorithm is the one algorithm for signing requests between workers (KIP-507); it is Kafka Connect's default.
const KeyAlgorithm = "HmacSHA256"

// Headers of a signed request between workers.
const (
	SignatureHeader          = "X-Connect-Authorization"
	SignatureAlgorithmHeader = "X-Connect-Request-Signature-Algorithm"
)

// Sign returns the signature of a request body, as SignatureHeader carries it.
func Sign(key, body []byte) string {
	m := hmac.New(sha256.New, key)
	m.Write(body)
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}
