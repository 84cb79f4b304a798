package uploads

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// classOfAzure are the error codes of Azure Blob Storage that say more than their status.
var classOfAzure = map[string]Class{
	"ContainerNotFound":                  Missing,
	"ContainerBeingDeleted":              Missing,
	"ContainerDisabled":                  Missing,
	"ResourceNotFound":                   Missing,
	"AuthenticationFailed":               Refused,
	"AuthorizationFailure":               Refused,
	"AuthorizationPermissionMismatch":    Refused,
	"InsufficientAccountPermissions":     Refused,
	"InvalidAuthenticationInfo":          Refused,
	"KeyBasedAuthenticationNotPermitted": Refused,
	"AccountIsDisabled":                  Refused,
	"BlobImmutableDueToPolicy":           Refused,
	"InvalidResourceName":                Invalid,
	"InvalidUri":                         Invalid,
	"OutOfRangeInput":                    Invalid,
	"InvalidBlobType":                    Invalid,
	"Md5Mismatch":                        Transient,
	"InvalidMd5":                         Transient,
	"InvalidBlockList":                   Transient, // the next try sends what is missing
	"InvalidBlobOrBlock":                 Transient,
	"ServerBusy":                         Transient,
	"InternalError":                      Transient,
	"OperationTimedOut":                  Transient,
}

// explain makes an *Error of what the library says: the store's code and message, or the network's trouble.
func (s *azureStore) explain(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	class, reason := Transient, err.Error()
	answer, answered := errors.AsType[*azcore.ResponseError](err)
	switch {
	case errors.Is(err, errConfig):
		class = Invalid
	case errors.Is(err, errUnconfirmed):
	case answered:
		class, reason = classOfStatus(answer.StatusCode), describeAzure(answer)
		if known, ok := classOfAzure[answer.ErrorCode]; ok {
			class = known
		}
	default:
		class, reason = offline(err)
	}
	return &Error{Store: nameAzure, Class: class, Reason: redact(reason, s.target.secrets()), Err: err}
}

// describeAzure is the store's own reason: code and the first line of the message, below which are the request's id and
// time.
func describeAzure(e *azcore.ResponseError) string {
	code := e.ErrorCode
	if code == "" {
		code = fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))
	}
	if e.RawResponse == nil || e.RawResponse.Body == nil {
		return code
	}
	body, err := runtime.Payload(e.RawResponse)
	var said struct{ Message string }
	if err != nil || xml.Unmarshal(body, &said) != nil {
		return code
	}
	message, _, _ := strings.Cut(strings.TrimSpace(said.Message), "\n")
	if message == "" {
		return code
	}
	return code + ": " + message
}

// azureStatus is the HTTP status that the store answered, 0 if it did not.
func azureStatus(err error) int {
	if e, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return e.StatusCode
	}
	return 0
}
