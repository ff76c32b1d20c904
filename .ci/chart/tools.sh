# Installs what scripts about the chart share, once, into "$tools/bin". They set `tools`.

HELM=v4.3.1

# Installs a Go program unless this version of it is there.
go_tool() {
    local name=$1 module=$2 version=$3
    [[ -x "$tools/bin/$name" && -e "$tools/$name-$version" ]] && return
    command -v go >/dev/null || return
    printf 'fetching %s %s\n' "$name" "$version"
    GOBIN="$tools/bin" nice go install "$module@$version" >"$tools/$name.log" 2>&1 || {
        tail -3 "$tools/$name.log" >&2
        return 1
    }
    rm -f "$tools/$name"-v*
    touch "$tools/$name-$version"
}

helm_from_go() {
    go_tool helm helm.sh/helm/v4/cmd/helm "$HELM"
}

# Prometheus and promtool.
prometheus_from_debian() {
    if command -v promtool >/dev/null && command -v prometheus >/dev/null; then
        return
    fi
    command -v apt-get >/dev/null && command -v dpkg >/dev/null || return
    printf 'fetching Prometheus\n'
    rm -rf "$tools/prometheus" && mkdir -p "$tools/prometheus"
    (
        cd "$tools/prometheus"
        apt-get download -qq prometheus >../prometheus.log 2>&1 ||
            { apt-get update -qq && apt-get download -qq prometheus; } >../prometheus.log 2>&1
        dpkg -x prometheus_*.deb .
    ) || return
    cp "$tools/prometheus/usr/bin/promtool" "$tools/prometheus/usr/bin/prometheus" "$tools/bin/"
    rm -rf "$tools/prometheus"
}
