# Compile Kubernetes from Debian's source package, in a system of its own that is left afterwards.
set -eu
folder=/root
mkdir -p "$folder/go/src/k8s.io" "$folder/programs"
cd "$folder"
apt-get source --download-only --quiet "kubernetes=$1"
dpkg-source --extract kubernetes_*.dsc go/src/k8s.io/kubernetes
cd go/src/k8s.io/kubernetes
# Not every machine lets its root keep a process from being killed when memory ends.
sed -i '/OOM[a-zA-Z]* *int = -99[78]$/s/-99./0/' \
    pkg/kubelet/dockershim/docker_sandbox.go pkg/kubelet/qos/policy.go
# This package's own copy of it reads maps as Go did before 1.18, and ends the program.
rm -r vendor/github.com/modern-go/reflect2
cp -r /usr/share/gocode/src/github.com/modern-go/reflect2 vendor/github.com/modern-go
export GOPATH="$folder/go" GOCACHE="$folder/cache" HOME="$folder" GO111MODULE=off CGO_ENABLED=0
# Nobody waits for these programs but tests: what is compiled in half the time is good enough, and
# of the clouds' own parts nothing is needed. More memory is less time.
export GOFLAGS=-trimpath\ -tags=providerless GOGC=400
go build -gcflags='all=-N -l' -o "$folder/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
# The one generated file that the package lacks: the description of the API.
packages=$(grep -rl '^// +k8s:openapi-gen=true' vendor/k8s.io/*/ pkg cmd --include=*.go |
    grep -v 'zz_generated\|/code-generator/\|/kube-openapi/\|/sample-' |
    xargs -n 1 dirname | sort -u | sed 's,^,k8s.io/kubernetes/,' | paste -sd,)
GOROOT=$(go env GOROOT) "$folder/openapi-gen" --logtostderr --output-base "$folder/go/src" \
    --input-dirs "$packages" --output-package k8s.io/kubernetes/pkg/generated/openapi \
    --output-file-base zz_generated.openapi --report-filename "$folder/violations" \
    --go-header-file hack/boilerplate/boilerplate.generatego.txt
flags="-s -w"
for name in component-base/version client-go/pkg/version; do
    package=k8s.io/kubernetes/vendor/k8s.io/$name
    flags="$flags -X $package.gitVersion=v1.20.2 -X $package.gitMajor=1 -X $package.gitMinor=20"
done
for name in kube-apiserver kubelet kube-controller-manager kube-scheduler kubectl; do
    go build -gcflags='all=-N -l' -ldflags "$flags" -o "$folder/programs/$name" "./cmd/$name"
done
cp /usr/bin/etcd /usr/lib/cni/bridge /usr/lib/cni/host-local /usr/lib/cni/loopback "$folder/programs"
