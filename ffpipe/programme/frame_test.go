package programme

import "testing"

func TestFrameIsReusedAfterItsLastOwner(t *testing.T) {
	pool := NewFramePool(6)
	f := pool.Get()
	f.Retain()
	f.Release()
	if g := pool.Get(); g == f {
		t.Fatal("a frame with an owner was handed out again")
	} else {
		g.Release()
	}
	if pool.InUse() != 1 {
		t.Fatalf("in use %d, want 1", pool.InUse())
	}
	f.Release()
	if pool.InUse() != 0 || pool.Made() != 2 {
		t.Fatalf("in use %d, made %d; want 0, 2", pool.InUse(), pool.Made())
	}
	if n := testing.AllocsPerRun(100, func() { pool.Get().Release() }); n != 0 {
		t.Fatalf("%v allocations for a pooled frame", n)
	}
}

func TestPoolKeepsFewFreeBuffers(t *testing.T) {
	pool := NewFramePool(6)
	var out []*Frame
	for range 100 {
		out = append(out, pool.Get())
	}
	for _, f := range out {
		f.Release()
	}
	if len(pool.free) != maxFree {
		t.Fatalf("%d free buffers kept, want %d", len(pool.free), maxFree)
	}
}

func TestMisusedFramePanics(t *testing.T) {
	for name, misuse := range map[string]func(*Frame){
		"released twice":         func(f *Frame) { f.Release() },
		"retained after release": func(f *Frame) { f.Retain() },
	} {
		t.Run(name, func(t *testing.T) {
			f := NewFramePool(1).Get()
			f.Release()
			defer func() {
				if recover() == nil {
					t.Fatal("no panic")
				}
			}()
			misuse(f)
		})
	}
}

func TestBlackIsLimitedRange(t *testing.T) {
	f := Format{Width: 3, Height: 3} // odd: chroma rounds up
	pix := make([]byte, f.FrameBytes())
	if len(pix) != 9+4+4 {
		t.Fatalf("%d bytes, want 17", len(pix))
	}
	f.Black(pix)
	for i, v := range pix {
		if want := map[bool]byte{true: 16, false: 128}[i < 9]; v != want {
			t.Fatalf("byte %d is %d, want %d", i, v, want)
		}
	}
}
