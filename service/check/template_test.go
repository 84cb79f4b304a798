package check

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ffegress/ffegress/browser"
)

func TestTemplatePort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := func(addr string) string { return "template_port: " + addr[strings.LastIndex(addr, ":")+1:] }
	conf := port(l.Addr().String())
	_ = l.Close()
	want(t, checkTemplatePort(t.Context(), about(t, conf)), OK, "is free", "")

	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	want(t, checkTemplatePort(t.Context(), about(t, port(other.URL))), Fail, "used by another program", "set template_port")

	own := &browser.TemplateServer{Addr: "127.0.0.1:0"}
	if err := own.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = own.Close(context.Background()) }()
	want(t, checkTemplatePort(t.Context(), about(t, port(own.Addr))), Warn, "an ffegress that is running", "template_port of its own")
}

func TestTemplateBase(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/room" {
			http.NotFound(w, r)
		}
	}))
	defer page.Close()
	base := func(url string) *subject { return about(t, fmt.Sprintf("template_base: %q", url)) }
	want(t, checkTemplateBase(t.Context(), about(t, "template_port: 1234")), OK, "built-in", "")
	want(t, checkTemplateBase(t.Context(), base(page.URL+"/room?key="+secret)), OK, "/room answers", "")
	want(t, checkTemplateBase(t.Context(), base(page.URL+"/roon?key="+secret)), Fail, "/roon answers with status 404", "correct template_base")
	want(t, checkTemplateBase(t.Context(), base("http://user:"+secret+"@127.0.0.1:1/")), Fail, "connection refused", "correct template_base")
}
