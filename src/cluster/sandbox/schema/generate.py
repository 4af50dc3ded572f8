#!/usr/bin/env python3
"""Writes kubernetes.txt from the OpenAPI v3 documents and the Go types of a Kubernetes release.

usage: generate.py MODULES VERSION > kubernetes.txt
MODULES is the k8s.io folder of the Go module cache, VERSION the release without `v1.`: `34.4`. Needed there (`go mod
download`): kubernetes@v1.34.4 for its api/openapi-spec/v3, and api, apimachinery, apiextensions-apiserver,
kube-aggregator @v0.34.4 for what JSON does not show: whether an empty field is written.
Only facts are taken (names, types, list types, merge keys, defaults, paths); mod.rs tells the format.
"""
import glob, json, os, re, sys

SHORT = {
    "configmaps": "cm", "componentstatuses": "cs", "endpoints": "ep", "events": "ev", "limitranges": "limits",
    "namespaces": "ns", "nodes": "no", "persistentvolumeclaims": "pvc", "persistentvolumes": "pv", "pods": "po",
    "replicationcontrollers": "rc", "resourcequotas": "quota", "serviceaccounts": "sa", "services": "svc",
    "daemonsets": "ds", "deployments": "deploy", "replicasets": "rs", "statefulsets": "sts",
    "horizontalpodautoscalers": "hpa", "cronjobs": "cj", "certificatesigningrequests": "csr",
    "ingresses": "ing", "networkpolicies": "netpol", "ipaddresses": "ip", "poddisruptionbudgets": "pdb",
    "priorityclasses": "pc", "storageclasses": "sc", "customresourcedefinitions": "crd,crds",
}
CATEGORY = {
    "pods": "all", "replicationcontrollers": "all", "services": "all", "daemonsets": "all", "deployments": "all",
    "replicasets": "all", "statefulsets": "all", "horizontalpodautoscalers": "all", "cronjobs": "all", "jobs": "all",
    "customresourcedefinitions": "api-extensions", "mutatingwebhookconfigurations": "api-extensions",
    "validatingwebhookconfigurations": "api-extensions", "validatingadmissionpolicies": "api-extensions",
    "validatingadmissionpolicybindings": "api-extensions", "apiservices": "api-extensions",
}
VERBS = {"get": "get", "list": "list", "post": "create", "put": "update", "patch": "patch", "delete": "delete",
         "deletecollection": "deletecollection", "watch": "watch", "watchlist": "watch", "connect": "get"}


def short(name):
    name = name.removeprefix("io.k8s.")
    for prefix in ("api.", "apimachinery.pkg.apis.", "apimachinery.pkg.", "apiextensions-apiserver.pkg.apis.", "kube-aggregator.pkg.apis."):
        if name.startswith(prefix):
            return name[len(prefix):]
    return name


SCALARS = {"api.resource.Quantity": "quantity", "resource.Quantity": "quantity", "util.intstr.IntOrString": "intstr",
           "meta.v1.Time": "time", "meta.v1.MicroTime": "microtime", "runtime.RawExtension": "any",
           "meta.v1.FieldsV1": "any", "apiextensions.v1.JSON": "any", "apiextensions.v1.JSONSchemaPropsOrArray": "any",
           "apiextensions.v1.JSONSchemaPropsOrBool": "any", "apiextensions.v1.JSONSchemaPropsOrStringArray": "any"}


def kind_of(q):
    ref = q.get("$ref") or (q.get("allOf") or [{}])[0].get("$ref")
    if ref:
        name = short(ref.rsplit("/", 1)[1])
        return SCALARS.get(name, name)
    t = q.get("type")
    if t == "array":
        return "[" + kind_of(q["items"]) + "]"
    if t == "object":
        return "{" + kind_of(q["additionalProperties"]) + "}" if "additionalProperties" in q else "any"
    if t == "integer":
        return q.get("format", "int64")
    if t == "number":
        return "double"
    if t == "boolean":
        return "bool"
    if t == "string":
        return "byte" if q.get("format") == "byte" else "string"
    return "any"


def go_structs(modules, version):
    """{(package, struct): [(json name, omitempty, omitzero, pointer, inlined struct)]}"""
    found = {}
    roots = {"api": "", "apimachinery": "pkg/apis/meta/", "apiextensions-apiserver": "pkg/apis/apiextensions/",
             "kube-aggregator": "pkg/apis/apiregistration/"}
    for module, below in roots.items():
        base = os.path.join(modules, f"{module}@v0.{version}", below)
        for path in glob.glob(os.path.join(base, "**", "*.go"), recursive=True):
            if path.endswith("_test.go") or "generated" in path:
                continue
            package = ".".join(path.split(os.sep)[-3:-1])
            struct = None
            for line in open(path):
                m = re.match(r"^type (\w+) struct \{", line)
                if m:
                    struct = found.setdefault((package, m[1]), [])
                elif line.startswith("}"):
                    struct = None
                elif struct is not None:
                    m = re.match(r'^\t(?:(\w+)\s+)?(\S+)\s+`json:"([^"]*)"', line)
                    if m:
                        name, *options = m[3].split(",")
                        inlined = m[2].lstrip("*") if "inline" in options or (name == "" and not m[1]) else None
                        struct.append((name, "omitempty" in options, "omitzero" in options, m[2].startswith("*"), inlined))
    return found


def go_field(found, package, struct, prop):
    for name, omitempty, omitzero, pointer, inlined in found.get((package, struct), []):
        if inlined:
            parts = inlined.split(".")
            hit = go_field(found, package, parts[-1], prop)
            if hit:
                return hit
        elif name == prop:
            return omitempty, omitzero, pointer
    return None


def main(modules, version):
    schemas, resources = {}, {}
    folder = os.path.join(modules, f"kubernetes@v1.{version}", "api/openapi-spec/v3")
    found = go_structs(modules, version)
    for path in sorted(glob.glob(os.path.join(folder, "*_openapi.json"))):
        if not re.search(r"(__|/)v\d+_openapi\.json$", path) or "openid" in path:
            continue
        document = json.load(open(path))
        schemas.update(document.get("components", {}).get("schemas", {}))
        for url, item in document["paths"].items():
            if "/watch/" in url:
                continue
            m = re.match(r"^/(?:api/(?P<core>v1)|apis/(?P<g>[^/]+)/(?P<v>[^/]+))/(?P<ns>namespaces/\{namespace\}/)?(?P<rest>.+)$", url)
            if not m:
                continue
            gv = m["core"] or f"{m['g']}/{m['v']}"
            rest = m["rest"].replace("/{name}", "")
            plural, _, sub = rest.partition("/")
            if "{path}" in sub:
                continue
            entry = resources.setdefault((gv, plural), {"ns": False, "kind": "", "verbs": set(), "subs": {}})
            entry["ns"] |= bool(m["ns"])
            for method in ("get", "put", "post", "patch", "delete"):
                op = item.get(method)
                if not op:
                    continue
                action = op.get("x-kubernetes-action", "")
                gvk = op.get("x-kubernetes-group-version-kind", {})
                if sub:
                    s = entry["subs"].setdefault(sub, {"kind": gvk, "verbs": set()})
                    s["verbs"].add(VERBS.get(action, action))
                    continue
                verb = VERBS.get(action)
                if verb:
                    entry["verbs"].add(verb)
                if verb in ("get", "list") or not entry["kind"]:
                    entry["kind"] = gvk.get("kind", entry["kind"])
                if verb == "list" and plural != "componentstatuses":
                    entry["verbs"].add("watch")
    print("# Kubernetes 1.34: resources, kinds and types. Written by generate.py, never by hand.")
    for (gv, plural), e in sorted(resources.items()):
        words = ["resource", gv, plural, e["kind"], "ns" if e["ns"] else "cluster", ",".join(sorted(e["verbs"])) or "-",
                 SHORT.get(plural, "-"), CATEGORY.get(plural, "-")]
        for sub, s in sorted(e["subs"].items()):
            k = s["kind"]
            words.append(f"{sub}={k.get('group','')}/{k.get('version','')}/{k.get('kind','')}={','.join(sorted(s['verbs']))}")
        print(" ".join(words))
    for name, d in sorted(schemas.items(), key=lambda x: short(x[0])):
        for gvk in d.get("x-kubernetes-group-version-kind", []):
            g = gvk["group"]
            if short(name).startswith("meta.") or gvk["kind"].endswith("List"):
                continue
            print("kind", f"{g}/{gvk['version']}" if g else gvk["version"], gvk["kind"], short(name))
    for name, d in sorted(schemas.items(), key=lambda x: short(x[0])):
        if SCALARS.get(short(name)) or (name.endswith("List") and "items" in d.get("properties", {})):
            continue
        print("type", short(name), *(["atomic"] if d.get("x-kubernetes-map-type") == "atomic" else []))
        for prop, q in sorted(d.get("properties", {}).items()):
            words = [" " + prop + ("!" if prop in d.get("required", []) else ""), kind_of(q)]
            keys = q.get("x-kubernetes-list-map-keys")
            if q.get("x-kubernetes-list-type") == "map":
                words.append("map:" + ",".join(keys))
            elif q.get("x-kubernetes-list-type") == "set":
                words.append("set")
            if q.get("x-kubernetes-map-type") == "atomic":
                words.append("atomic")
            strategy = q.get("x-kubernetes-patch-strategy")
            if strategy:
                words.append(f"patch:{strategy}:{q.get('x-kubernetes-patch-merge-key', '')}")
            field = go_field(found, ".".join(short(name).split(".")[:2]), name.rsplit(".", 1)[1], prop)
            if field:
                omitempty, omitzero, pointer = field
                kind = words[1]
                if kind in ("time", "microtime") and not pointer and not omitzero:
                    words.append("null")
                elif kind[0] in "[{" or kind == "byte":
                    if not omitempty and not pointer:
                        words.append("null")
                elif omitempty and not pointer and kind in ("string", "bool", "int32", "int64", "double"):
                    words.append("zero")
            elif prop not in ("apiVersion", "kind"):
                print("no Go field:", name, prop, file=sys.stderr)
            if field and kind_of(q) == "quantity" and not field[2] and "default" not in q:
                words.append('="0"')
            if "default" in q:
                words.append("=" + json.dumps(q["default"], separators=(",", ":")))
            print(" ".join(words))


main(sys.argv[1], sys.argv[2])
