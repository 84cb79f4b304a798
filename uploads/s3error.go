package uploads

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// classOfCode are the S3 error codes that say more than their status.
var classOfCode = map[string]Class{
	"NoSuchBucket":                   Missing,
	"InvalidBucketName":              Invalid,
	"KeyTooLongError":                Invalid,
	"InvalidTag":                     Invalid,
	"MetadataTooLarge":               Invalid,
	"EntityTooLarge":                 Invalid,
	"ExpiredToken":                   Refused,
	"InvalidToken":                   Refused,
	"InvalidClientTokenId":           Refused,
	"InvalidAccessKeyId":             Refused,
	"SignatureDoesNotMatch":          Refused,
	"AccessDenied":                   Refused,
	"AccountProblem":                 Refused,
	"AllAccessDisabled":              Refused,
	"QuotaExceeded":                  Full,
	"StorageFull":                    Full,
	"XMinioStorageFull":              Full,
	"XMinioAdminBucketQuotaExceeded": Full,
	"BadDigest":                      Transient,
	"IncompleteBody":                 Transient,
	"RequestTimeout":                 Transient,
	"RequestTimeTooSkewed":           Transient,
	"NoSuchUpload":                   Transient, // the next try begins anew
	"InvalidPart":                    Transient,
}

// explain makes an *Error of what the SDK says: the store's code and message, or the network's trouble.
func (s *s3Store) explain(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	class, reason := Transient, err.Error()
	status := statusOf(err)
	api, isAPI := errors.AsType[smithy.APIError](err)
	switch {
	case errors.Is(err, errConfig):
		class = Invalid
	case errors.Is(err, errUnconfirmed):
	case isAPI && knownCode(api.ErrorCode()):
		class, reason = classOfCode[api.ErrorCode()], describe(api, status)
	case status != 0:
		class = classOfStatus(status)
		reason = fmt.Sprintf("%d %s", status, http.StatusText(status))
		if isAPI {
			reason = describe(api, status)
		}
	default:
		class, reason = offline(err)
	}
	return &Error{Store: nameS3, Class: class, Reason: redact(reason, s.target.secrets()), Err: err}
}

func knownCode(code string) bool { _, ok := classOfCode[code]; return ok }

// describe is the store's own reason.
func describe(api smithy.APIError, status int) string {
	code, message := api.ErrorCode(), api.ErrorMessage()
	switch {
	case (code == "" || code == "UnknownError") && status != 0:
		return fmt.Sprintf("%d %s", status, http.StatusText(status))
	case message == "" || message == code:
		return code
	}
	return code + ": " + message
}

func classOfStatus(status int) Class {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return Refused
	case http.StatusNotFound:
		return Missing
	case http.StatusInsufficientStorage:
		return Full
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests:
		return Transient
	}
	if status >= 300 && status < 500 {
		return Invalid
	}
	return Transient
}

// offline is for errors that no store has answered.
func offline(err error) (Class, string) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return Transient, "the store does not answer"
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		return Transient, e.Err.Error()
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return Transient, e.Error()
	}
	if signing, ok := errors.AsType[*smithy.OperationError](err); ok && strings.Contains(signing.Err.Error(), "credentials") {
		return Refused, "no credentials: " + innermost(err).Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Transient, "the store does not answer"
	}
	return Transient, innermost(err).Error()
}

// innermost is the last error in a chain; the SDK's outer ones tell request ids and counts of attempts.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// statusOf is the HTTP status that a store answered, 0 if it did not.
func statusOf(err error) int {
	if e, ok := errors.AsType[*awshttp.ResponseError](err); ok && e.Response != nil {
		return e.HTTPStatusCode()
	}
	return 0
}

// redact takes secrets out of a text: stores have been seen to tell what they were sent.
func redact(text string, secrets []string) string {
	for _, secret := range secrets {
		if len(secret) >= 4 {
			text = strings.ReplaceAll(text, secret, "{redacted}")
		}
	}
	return text
}
