package proxy

import (
	"testing"
)

// Who asks for a pool's callees through wampool is told of its members; the
// router decides whether it answers.
func TestCalleesOfAPool(t *testing.T) {
	for _, s := range serializers {
		w := makeWorld(t)
		w.speaks = serializers
		w.start(worldOptions{realm: ""})
		pool := w.welcomePool() // session 1
		w.callee(pool, shared, "")
		b, atB := w.connect()
		hello := `[1,"realm1",{"roles":{"callee":{}}}]`
		b.send("%s", hello)
		atB.expect("%s", hello)
		welcome := `[2,8,{"realm":"realm1","authid":"joe","authrole":"backend","roles":{}}]`
		atB.send("%s", welcome)
		b.expect("%s", welcome)
		b.send(`[64,1,%s,"com.example.p"]`, shared)
		registration := w.admit(b, atB)

		asker, router := w.connectBy(s)
		w.welcome(asker, router, "frontend", "")
		for i, test := range []struct{ call, answer, want string }{
			{`{},"wamp.registration.count_callees",[100]`, `[50,%d,{},[1]]`, `[50,%d,{},[2]]`},
			{`{},"wamp.registration.list_callees",[100],{}`, `[50,%d,{},[[1]]]`, `[50,%d,{},[[7,8]]]`},
			{`{},"wamp.registration.list_callees",[100]`, `[50,%d,{},[[3,1,4]]]`, `[50,%d,{},[[3,7,8,4]]]`},
			{`{"x":1},"wamp.registration.count_callees",[100]`, `[50,%d,{"y":1},[3]]`, `[50,%d,{"y":1},[4]]`},
			{`{},"wamp.registration.list_callees",[100]`, `[8,48,%d,{},"wamp.error.not_authorized"]`, `[8,48,%d,{},"wamp.error.not_authorized"]`},
			{`{},"wamp.registration.list_callees",[100]`, `[50,%d,{},["?"]]`, `[50,%d,{},["?"]]`},
			{`{},"wamp.registration.count_callees",[99]`, `[50,%d,{},[1]]`, `[50,%d,{},[1]]`},
			{`{},"wamp.registration.count_callees",["x"]`, `[8,48,%d,{},"e"]`, `[8,48,%d,{},"e"]`},
			{`{},"wamp.registration.get",[100]`, `[50,%d,{},[1]]`, `[50,%d,{},[1]]`},
		} {
			asker.send(`[48,%d,%s]`, i+1, test.call)
			router.expect(`[48,%d,%s]`, i+1, test.call)
			router.send(test.answer, i+1)
			asker.expect(test.want, i+1)
		}
		// By the ID that a callee knows.
		b.send(`[48,2,{},"wamp.registration.list_callees",[%d]]`, registration)
		atB.expect(`[48,2,{},"wamp.registration.list_callees",[100]]`)
		atB.send(`[50,2,{},[[1]]]`)
		b.expect(`[50,2,{},[[7,8]]]`)
	}
}
