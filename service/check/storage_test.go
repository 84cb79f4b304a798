package check

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ffegress/ffegress/browser"
	"github.com/ffegress/ffegress/integration/objects"
)

func TestStorage(t *testing.T) {
	server, err := objects.Start(t.TempDir(), "films")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	s3 := func(bucket, endpoint string) string {
		return fmt.Sprintf("s3: {access_key: AKIDTEST, secret: %s, region: r, bucket: %s, endpoint: %q, force_path_style: true, max_retries: 1}", secret, bucket, endpoint)
	}
	store := func(bucket, endpoint string) string { return "storage: {prefix: a/b, " + s3(bucket, endpoint) + "}\n" }
	want(t, checkStorage(t.Context(), about(t, "")), OK, "files stay on this machine", "")
	want(t, checkStorage(t.Context(), about(t, store("films", server.URL()))), OK, "takes files (storage.s3)", "")
	if keys, err := server.Keys("films"); err != nil || len(keys) > 0 {
		t.Errorf("left in the store: %v, %v", keys, err)
	}
	want(t, checkStorage(t.Context(), about(t, store("nothere", server.URL()))), Fail, "NoSuchBucket", "create the bucket or container, or correct its name in storage.s3")
	want(t, checkStorage(t.Context(), about(t, store("films", "http://127.0.0.1:1"))), Fail, "connection refused", "correct the endpoint in storage.s3")
	want(t, checkStorage(t.Context(), about(t, "azure: {account_name: x, account_key: no-base64-"+secret+", container_name: c}")), Fail, "", "storage.azure")
	server.Fail(&objects.Fault{Status: 403, Code: "SignatureDoesNotMatch"})
	want(t, checkStorage(t.Context(), about(t, store("films", server.URL()))), Fail, "SignatureDoesNotMatch", "correct the account and its secret in storage.s3")
	server.Fail(nil)

	both := checkStorage(t.Context(), about(t, store("films", server.URL())+"backup: {"+s3("second", server.URL())+"}"))
	if len(both) != 2 || both[0].Status != OK {
		t.Fatalf("%v", both)
	}
	want(t, both[1:], Fail, "NoSuchBucket", "backup.s3")
}

func TestCheckPorts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	taken := other.URL[strings.LastIndex(other.URL, ":")+1:]
	want(t, checkPorts(t.Context(), about(t, "")), OK, "none is set", "")
	want(t, checkPorts(t.Context(), about(t, fmt.Sprintf("health_port: %d", free))), OK, fmt.Sprintf("health_port %d: free", free), "")
	want(t, checkPorts(t.Context(), about(t, "template_port: 1\ndebug_handler_port: "+taken)), Fail, "debug_handler_port "+taken+" is used by another program", "set debug_handler_port to a free port")
	want(t, checkPorts(t.Context(), about(t, "template_port: 1\nhealth_port: "+taken)), Fail, "health_port "+taken+" is used", "set health_port")

	own := &browser.TemplateServer{Addr: "127.0.0.1:0"}
	if err := own.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = own.Close(t.Context()) }()
	at := own.Addr[strings.LastIndex(own.Addr, ":")+1:]
	want(t, checkPorts(t.Context(), about(t, "template_port: "+at+"\ncontrol_port: "+taken)), Warn, "probably by the ffegress that is running", "ports of its own")
}
