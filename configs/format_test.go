package configs

import "testing"

func TestFormat(t *testing.T) {
	const src = `# what it is for
router{
url="ws://127.0.0.1:8080/ws" # the router
  timeout_unit =   "s"


}
listen   "ws://127.0.0.1:9000/ws" {} // callers
realm "${env("NO_SUCH_VARIABLE")}" {
auto=nonsense /* kept */
auto = true
}
`
	const want = `# what it is for
router {
  url          = "ws://127.0.0.1:8080/ws" # the router
  timeout_unit = "s"


}
listen "ws://127.0.0.1:9000/ws" {} // callers
realm "${env("NO_SUCH_VARIABLE")}" {
  auto = nonsense /* kept */
  auto = true
}
`
	got, err := Format([]byte(src), "wampool.hcl")
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
	_, err = Format([]byte("router {\n  url = \"a\n}\n"), "wampool.hcl")
	wantMistakes(t, err, "this string is not closed")
	_, err = Format([]byte("{}"), "-")
	wantMistakes(t, err, "this is JSON: only HCL is formatted")
	_, err = Format([]byte("\xff\xfe"), "-")
	wantMistakes(t, err, "the configuration is UTF-16")
}
