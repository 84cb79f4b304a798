package uploads

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// classOfOSS are the error codes of AliOSS that say more than their status.
var classOfOSS = map[string]Class{
	"NoSuchBucket":          Missing,
	"InvalidBucketName":     Invalid,
	"InvalidObjectName":     Invalid,
	"EntityTooLarge":        Invalid,
	"InvalidAccessKeyId":    Refused,
	"SignatureDoesNotMatch": Refused,
	"AccessDenied":          Refused,
	"UserDisable":           Refused,
	"SecurityTokenExpired":  Refused,
	"InvalidSecurityToken":  Refused,
	"QuotaExceeded":         Full,
	"InvalidDigest":         Transient,
	"RequestTimeout":        Transient,
	"RequestTimeTooSkewed":  Transient,
	"NoSuchUpload":          Transient, // the next try begins anew
	"InvalidPart":           Transient,
	"InternalError":         Transient,
}

// explain makes an *Error of what the library says: the store's code and message, or the network's trouble.
func (s *ossStore) explain(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	class, reason := Transient, err.Error()
	said, answered := errors.AsType[oss.ServiceError](err)
	crc, spoilt := errors.AsType[oss.CRCCheckError](err)
	switch status := ossStatus(err); {
	case errors.Is(err, errConfig):
		class = Invalid
	case errors.Is(err, errUnconfirmed):
	case spoilt:
		reason = crc.Error()
	case answered:
		class, reason = classOfStatus(status), describeOSS(said)
		if known, ok := classOfOSS[said.Code]; ok {
			class = known
		}
	case status != 0:
		class, reason = classOfStatus(status), fmt.Sprintf("%d %s", status, http.StatusText(status))
	default:
		class, reason = offline(err)
	}
	return &Error{Store: nameAliOSS, Class: class, Reason: redact(reason, s.target.secrets()), Err: err}
}

// describeOSS is the store's own reason.
func describeOSS(e oss.ServiceError) string {
	switch {
	case e.Code == "":
		return fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))
	case e.Message == "" || e.Message == e.Code:
		return e.Code
	}
	return e.Code + ": " + e.Message
}

// ossStatus is the HTTP status that the store answered, 0 if it did not.
func ossStatus(err error) int {
	if e, ok := errors.AsType[oss.ServiceError](err); ok {
		return e.StatusCode
	}
	if e, ok := errors.AsType[oss.UnexpectedStatusCodeError](err); ok {
		return e.Got()
	}
	return 0
}

// ossAgain tells what is tried again at once.
func ossAgain(err error) bool {
	switch status := ossStatus(err); status {
	case 0:
		return !errors.Is(err, errConfig)
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests:
		return true
	default:
		return status >= 500
	}
}
