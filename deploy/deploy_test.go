// Package deploy holds ways to run wampool, and this test of them.
package deploy

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/wampool/wampool/configs"
)

func TestConfigurations(t *testing.T) {
	files, err := filepath.Glob("*/*.hcl")
	if err != nil || len(files) != 5 {
		t.Fatalf("configurations: %v (%v), want one for systemd and two each for compose and Kubernetes", files, err)
	}
	t.Setenv("WAMPOOL_CLUSTER_SECRET", "known to all peers")
	for _, file := range files {
		config, err := configs.Load(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if len(config.Realms) != 1 || len(config.Listen) != 1 {
			t.Errorf("%s: %d realms and %d listeners, want one of each", file, len(config.Realms), len(config.Listen))
		}
	}
}

func TestImageRunsTheProgramAsNobody(t *testing.T) {
	dockerfile := read(t, "Dockerfile")
	for _, line := range []string{
		"CGO_ENABLED=0 go build", "./cmd/wampool", "FROM scratch", "USER 65532:65532", `ENTRYPOINT ["/wampool"]`,
		`CMD ["run", "-c", "/etc/wampool/wampool.hcl"]`,
	} {
		if !strings.Contains(dockerfile, line) {
			t.Errorf("Dockerfile lacks %q", line)
		}
	}
	wanted := regexp.MustCompile(`FROM golang:(\d+\.\d+)`).FindStringSubmatch(dockerfile)
	if wanted == nil || !strings.Contains(read(t, "../go.mod"), "\ngo "+wanted[1]) {
		t.Errorf("Dockerfile builds with Go %v, not with go.mod's", wanted)
	}
}

func TestComposeFiles(t *testing.T) {
	t.Setenv("WAMPOOL_CLUSTER_SECRET", "known to all peers")
	for _, name := range []string{"compose", "cluster"} {
		t.Run(name, func(t *testing.T) { checkCompose(t, name) })
	}
}

// checkCompose looks at a compose file, and the configuration of its wampool.
func checkCompose(t *testing.T, name string) {
	t.Helper()
	var compose struct {
		Services map[string]struct {
			Image   string
			Build   struct{ Context, Dockerfile string }
			Volumes []string
		}
	}
	unmarshal(t, "compose/"+name+".yaml", &compose)
	for name, service := range compose.Services {
		if service.Image != "" {
			t.Errorf("%s is %s: an image of somebody else is to be pinned", name, service.Image)
		}
		build := service.Build
		if _, err := os.Stat(filepath.Join("compose", build.Context, build.Dockerfile)); err != nil {
			t.Errorf("the image of %s is built from %v: %v", name, build, err)
		}
		for _, volume := range service.Volumes {
			file, _, _ := strings.Cut(volume, ":")
			if _, err := os.Stat(filepath.Join("compose", file)); err != nil {
				t.Errorf("%s mounts %s: %v", name, volume, err)
			}
		}
	}
	var router struct {
		Workers []struct {
			Realms     []struct{ Name string }
			Transports []struct {
				Endpoint struct{ Port int }
				Paths    map[string]any
			}
		}
	}
	if err := json.Unmarshal([]byte(read(t, "compose/crossbar.json")), &router); err != nil {
		t.Fatal(err)
	}
	config, err := configs.Load(map[string]string{"compose": "compose/wampool.hcl", "cluster": "compose/cluster.hcl"}[name])
	if err != nil {
		t.Fatal(err)
	}
	worker := router.Workers[0]
	if worker.Realms[0].Name != config.Realms[0].Name {
		t.Errorf("the router's realm is %s and wampool's %s", worker.Realms[0].Name, config.Realms[0].Name)
	}
	if worker.Transports[0].Endpoint.Port != 8080 || worker.Transports[0].Paths["ws"] == nil || config.Router.URL != "ws://crossbar:8080/ws" {
		t.Errorf("wampool connects to %s, which is not the router's transport", config.Router.URL)
	}
}

func TestSystemdUnit(t *testing.T) {
	unit := read(t, "systemd/wampool.service")
	for _, line := range []string{
		"ExecStart=/usr/local/bin/wampool run -c /etc/wampool/wampool.hcl", "DynamicUser=yes", "NoNewPrivileges=yes",
		"ProtectSystem=strict", "Restart=on-failure", "WantedBy=multi-user.target",
	} {
		if !strings.Contains(unit, "\n"+line+"\n") {
			t.Errorf("unit lacks %q", line)
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Logf("not verified by systemd itself: %v", err)
		return
	}
	// A program that is there stands for wampool.
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "wampool.service")
	if strings.Contains(program, " ") {
		program = "/bin/true"
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(unit, "/usr/local/bin/wampool", program)), 0o600); err != nil {
		t.Fatal(err)
	}
	files := []string{file}
	for _, name := range []string{"wampool.socket", "wampool-admin.socket"} {
		socket := filepath.Join(filepath.Dir(file), name)
		if err := os.WriteFile(socket, []byte(read(t, "systemd/"+name)), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, socket)
	}
	if out, err := exec.Command(analyze, append([]string{"verify", "--man=no"}, files...)...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// What the comments of the systemd files tell to write is valid.
func TestSystemdCredentials(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	if err := os.WriteFile(filepath.Join(dir, "ticket"), []byte("a-ticket\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	commented := regexp.MustCompile(`(?m)^( *)#((?:listen|auth|  method|  authid|  secret|\}).*)$`)
	source := commented.ReplaceAllString(read(t, "systemd/wampool.hcl"), "$1$2")
	config, err := configs.Parse([]byte(source), "wampool.hcl")
	if err != nil {
		t.Fatal(err)
	}
	if secret, err := config.Realms[0].Auth.Secret.Read(); err != nil || secret != "a-ticket" || len(config.Listen) != 2 {
		t.Errorf("secret %q (%v), %d listeners", secret, err, len(config.Listen))
	}
}

func TestKubernetesPodHasANativeSidecar(t *testing.T) {
	var pod struct {
		Kind string
		Spec struct {
			TerminationGracePeriodSeconds float64
			InitContainers                []struct {
				Name, RestartPolicy string
				Args                []string
				VolumeMounts        []struct{ Name, MountPath string }
				SecurityContext     struct {
					AllowPrivilegeEscalation *bool
					ReadOnlyRootFilesystem   bool
				}
			}
			Containers []struct{ Name string }
			Volumes    []struct{ Name string }
		}
	}
	unmarshal(t, "kubernetes/pod.yaml", &pod)
	if pod.Kind != "Pod" || len(pod.Spec.InitContainers) != 1 || len(pod.Spec.Containers) != 1 {
		t.Fatalf("not a pod with one service and one sidecar: %+v", pod)
	}
	sidecar := pod.Spec.InitContainers[0]
	if sidecar.RestartPolicy != "Always" {
		t.Error("an init container is a sidecar with restartPolicy Always only")
	}
	if strings.Join(sidecar.Args, " ") != "run -c /etc/wampool/wampool.hcl" || sidecar.VolumeMounts[0].Name != pod.Spec.Volumes[0].Name {
		t.Errorf("the sidecar runs %v with %v", sidecar.Args, sidecar.VolumeMounts)
	}
	security := sidecar.SecurityContext
	if security.AllowPrivilegeEscalation == nil || *security.AllowPrivilegeEscalation || !security.ReadOnlyRootFilesystem {
		t.Error("the sidecar's container is not locked down")
	}
	config, err := configs.Load("kubernetes/wampool.hcl")
	if err != nil {
		t.Fatal(err)
	}
	if pod.Spec.TerminationGracePeriodSeconds <= config.DrainTimeout.Seconds() {
		t.Errorf("the pod is killed after %v s, and wampool drains for %s", pod.Spec.TerminationGracePeriodSeconds, config.DrainTimeout)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func unmarshal(t *testing.T, file string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, file)), into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
