package herder

import (
	"errors"
	"testing"

	"github.com/kurier-io/kurier/plugins/config"
)

// The signature is HMAC-SHA-256 in base64: test case 2 of RFC 4231.
func TestSign(t *testing.T) {
	if got := Sign([]byte("Jefe"), []byte("what do ya want for nothing?")); got != "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=" {
		t.Error(got)
	}
}

func TestValidationErrorListsEveryProblemOnce(t *testing.T) {
	infos := ConfigInfos{ErrorCount: 3, Configs: []ConfigInfo{{Value: config.Value{Errors: []string{"a", "b"}}}, {Value: config.Value{Errors: []string{"a"}}}}}
	e, ok := errors.AsType[*BadRequestError](infos.Err())
	want := "Connector configuration is invalid and contains the following 2 error(s):\na\nb\n" +
		"You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`"
	if !ok || e.Msg != want {
		t.Errorf("%v", infos.Err())
	}
	if err := (ConfigInfos{}).Err(); err != nil {
		t.Error(err)
	}
}
