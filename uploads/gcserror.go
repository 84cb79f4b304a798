package uploads

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"
)

// classOfGCS are the reasons of Google Cloud Storage that say more than their status.
var classOfGCS = map[string]Class{
	"rateLimitExceeded":     Transient,
	"userRateLimitExceeded": Transient,
	"quotaExceeded":         Full,
	"accountDisabled":       Refused,
	"retentionPolicyNotMet": Refused,
	"conditionNotMet":       Transient,
}

// explain makes an *Error of what the libraries say: the store's reason and message, or the network's trouble.
func (s *gcsStore) explain(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	class, reason := Transient, err.Error()
	answer, answered := errors.AsType[*googleapi.Error](err)
	token, noToken := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case errors.Is(err, errConfig):
		class = Invalid
	case errors.Is(err, errNoCredentials):
		class = Refused
	case errors.Is(err, errUnconfirmed):
	case answered:
		class, reason = classOfGoogle(answer), describeGoogle(answer)
	case noToken:
		class, reason = classOfToken(token), describeToken(token)
	default:
		class, reason = offline(err)
	}
	return &Error{Store: nameGCP, Class: class, Reason: redact(reason, s.target.secrets()), Err: err}
}

func classOfGoogle(e *googleapi.Error) Class {
	for _, item := range e.Errors {
		if class, ok := classOfGCS[item.Reason]; ok {
			return class
		}
	}
	if e.Code == http.StatusGone {
		return Transient // a session that the store has forgotten: the next try begins anew
	}
	return classOfStatus(e.Code)
}

// describeGoogle is the store's own reason.
func describeGoogle(e *googleapi.Error) string {
	reason := fmt.Sprintf("%d %s", e.Code, http.StatusText(e.Code))
	if len(e.Errors) > 0 && e.Errors[0].Reason != "" {
		reason = e.Errors[0].Reason
	}
	if e.Message == "" || e.Message == reason {
		return reason
	}
	return reason + ": " + e.Message
}

// classOfToken: the account's own server refuses the key with a 400 or 401.
func classOfToken(e *oauth2.RetrieveError) Class {
	if e.Response != nil && e.Response.StatusCode/100 == 4 && e.Response.StatusCode != http.StatusTooManyRequests {
		return Refused
	}
	return Transient
}

// describeToken is the server's own reason, which the library does not read (RFC 6749, 5.2).
func describeToken(e *oauth2.RetrieveError) string {
	var said struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	_ = json.Unmarshal(e.Body, &said) // other kinds of answers say nothing
	switch {
	case said.Code != "" && said.Description != "":
		return "no credentials: " + said.Code + ": " + said.Description
	case said.Code != "":
		return "no credentials: " + said.Code
	case e.Response != nil:
		return "no credentials: " + e.Response.Status
	}
	return "no credentials"
}

// gcsStatus is the HTTP status that the store, or who gives tokens for it, answered; 0 if nobody did.
func gcsStatus(err error) int {
	if e, ok := errors.AsType[*googleapi.Error](err); ok {
		return e.Code
	}
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok && e.Response != nil {
		return e.Response.StatusCode
	}
	return 0
}
