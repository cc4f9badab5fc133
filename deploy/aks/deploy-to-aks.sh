#!/usr/bin/env bash
# Installs Toygres on AKS, from nothing: resource group, registry with the images, cluster, and the chart. Run again, it
# changes what has changed and leaves the rest. docs/install-aks.md tells how to use it.
set -euo pipefail
cd "$(dirname "$0")/../.."

usage() {
  cat <<'EOF'
Usage: deploy/aks/deploy-to-aks.sh [--https] [--dry-run]

  --https    make Toygres reachable at https://<name>.<location>.cloudapp.azure.com, with a certificate of Let's Encrypt
  --dry-run  print every command and run none

Settings, from the environment:
  RESOURCE_GROUP  toygres        LOCATION   westeurope
  CLUSTER         toygres        NODE_SIZE  Standard_D4s_v5, of which there are MIN_NODES (2) to MAX_NODES (6)
  REGISTRY        a name that nobody else has; made from the subscription by default
  DNS_LABEL       the <name> above; the registry's by default
  ACME_EMAIL      where Let's Encrypt writes to; nowhere by default
  VERSION         of the images; the chart's by default
  CATALOG_SECRET  Secret in the namespace toygres with the URL of a PostgreSQL database, in its key url
  TEMPORAL_VALUES file of values for the chart, in which temporal is set
                  Without the last two, the chart brings its own catalog and Temporal: to try it out, not for data that matters.
EOF
}

https=false dry_run=false
for argument in "$@"; do
  case "$argument" in
    --https) https=true ;;
    --dry-run) dry_run=true ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

RESOURCE_GROUP=${RESOURCE_GROUP:-toygres}
LOCATION=${LOCATION:-westeurope}
CLUSTER=${CLUSTER:-toygres}
NODE_SIZE=${NODE_SIZE:-Standard_D4s_v5}
MIN_NODES=${MIN_NODES:-2}
MAX_NODES=${MAX_NODES:-6}
VERSION=${VERSION:-$(sed -n 's/^appVersion: //p' deploy/helm/toygres/Chart.yaml)}
CATALOG_SECRET=${CATALOG_SECRET:-}
TEMPORAL_VALUES=${TEMPORAL_VALUES:-}

if [ -n "$CATALOG_SECRET" ] && [ -z "$TEMPORAL_VALUES" ]; then
  echo "CATALOG_SECRET is set, and TEMPORAL_VALUES is not: Temporal keeps its data in the catalog that the chart brings. Set both or none." >&2
  exit 2
fi

# show prints a command as it could be typed.
show() { printf '%q ' "$@" | sed 's/ $//'; }

# run prints a command and runs it.
run() {
  echo "+ $(show "$@")"
  $dry_run || "$@"
}

# unless runs a command when a question, the words before --, has no answer: that is, when something is missing.
unless() {
  local question=()
  while [ "$1" != -- ]; do question+=("$1"); shift; done
  shift
  echo "+ $(show "${question[@]}") >/dev/null 2>&1 || $(show "$@")"
  $dry_run || "${question[@]}" >/dev/null 2>&1 || "$@"
}

# apply gives standard input to kubectl.
apply() {
  local manifest
  manifest=$(cat)
  printf '+ kubectl --context %q apply -f - <<EOF\n%s\nEOF\n' "$CLUSTER" "$manifest"
  $dry_run || kubectl --context "$CLUSTER" apply -f - <<<"$manifest"
}

# Passwords are made once and go from the generator into the Secret: never into an argument, a file or this output.
secret_once() {
  local name=$1
  echo "+ kubectl --context $CLUSTER -n toygres get secret $name >/dev/null 2>&1 || openssl rand -hex 24 |" \
    "kubectl --context $CLUSTER -n toygres create secret generic $name --from-file=password=/dev/stdin"
  $dry_run || kubectl --context "$CLUSTER" -n toygres get secret "$name" >/dev/null 2>&1 ||
    openssl rand -hex 24 | tr -d '\n' | kubectl --context "$CLUSTER" -n toygres create secret generic "$name" --from-file=password=/dev/stdin
}

# read_value is what a command answers; a dry run has no answers.
read_value() {
  local placeholder=$1
  shift
  echo "+ $(show "$@")" >&2
  if $dry_run; then echo "$placeholder"; else "$@"; fi
}

if ! $dry_run; then
  for tool in az kubectl helm openssl; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: install it first" >&2; exit 1; }
  done
fi
subscription=$(read_value 00000000-0000-0000-0000-000000000000 az account show --query id --output tsv)
REGISTRY=${REGISTRY:-toygres$(printf %s "$subscription/$RESOURCE_GROUP" | sha256sum | cut -c1-10)}
DNS_LABEL=${DNS_LABEL:-$REGISTRY}
host=$DNS_LABEL.$LOCATION.cloudapp.azure.com

echo "# Resource group and registry"
run az group create --name "$RESOURCE_GROUP" --location "$LOCATION" --output none
unless az acr show --name "$REGISTRY" --resource-group "$RESOURCE_GROUP" -- \
  az acr create --name "$REGISTRY" --resource-group "$RESOURCE_GROUP" --sku Standard --output none

echo "# Images, built by the registry; a version is built once"
for image in api worker; do
  unless az acr repository show --name "$REGISTRY" --image "toygres/$image:$VERSION" -- \
    az acr build --registry "$REGISTRY" --image "toygres/$image:$VERSION" --file "deploy/images/$image.Dockerfile" \
    --build-arg "VERSION=$VERSION" --platform linux/amd64 .
done

echo "# Cluster, with workload identity and network policies"
unless az aks show --name "$CLUSTER" --resource-group "$RESOURCE_GROUP" -- \
  az aks create --name "$CLUSTER" --resource-group "$RESOURCE_GROUP" --location "$LOCATION" \
  --node-vm-size "$NODE_SIZE" --node-count "$MIN_NODES" --enable-cluster-autoscaler --min-count "$MIN_NODES" --max-count "$MAX_NODES" \
  --network-plugin azure --network-plugin-mode overlay --network-dataplane cilium --network-policy cilium --pod-cidr 10.244.0.0/16 \
  --enable-oidc-issuer --enable-workload-identity --enable-managed-identity --attach-acr "$REGISTRY" \
  --auto-upgrade-channel patch --generate-ssh-keys --output none
run az aks get-credentials --name "$CLUSTER" --resource-group "$RESOURCE_GROUP" --context "$CLUSTER" --overwrite-existing

echo "# An identity for API and worker, without any right yet"
run az identity create --name "$CLUSTER-workload" --resource-group "$RESOURCE_GROUP" --location "$LOCATION" --output none
client_id=$(read_value 00000000-0000-0000-0000-000000000000 \
  az identity show --name "$CLUSTER-workload" --resource-group "$RESOURCE_GROUP" --query clientId --output tsv)
issuer=$(read_value https://issuer.example.com/ \
  az aks show --name "$CLUSTER" --resource-group "$RESOURCE_GROUP" --query oidcIssuerProfile.issuerUrl --output tsv)
for account in toygres-api toygres-worker; do
  unless az identity federated-credential show --name "$account" --identity-name "$CLUSTER-workload" --resource-group "$RESOURCE_GROUP" -- \
    az identity federated-credential create --name "$account" --identity-name "$CLUSTER-workload" --resource-group "$RESOURCE_GROUP" \
    --issuer "$issuer" --subject "system:serviceaccount:toygres:$account" --audiences api://AzureADTokenExchange --output none
done

echo "# Namespaces and passwords"
for namespace in toygres databases; do
  unless kubectl --context "$CLUSTER" get namespace "$namespace" -- kubectl --context "$CLUSTER" create namespace "$namespace"
done
secret_once toygres-admin

settings=(--set "image.registry=$REGISTRY.azurecr.io" --set "image.tag=$VERSION" --set admin.existingSecret=toygres-admin
  --set "api.serviceAccount.azureClientID=$client_id" --set "worker.serviceAccount.azureClientID=$client_id"
  --set "instances.publicDNSSuffix=$LOCATION.cloudapp.azure.com")
if [ -n "$CATALOG_SECRET" ]; then
  # The first time there was no place for it until now.
  question=(kubectl --context "$CLUSTER" -n toygres get secret "$CATALOG_SECRET")
  echo "+ $(show "${question[@]}") >/dev/null"
  if ! $dry_run && ! "${question[@]}" >/dev/null; then
    echo "Make the Secret $CATALOG_SECRET in the namespace toygres, as docs/install-aks.md tells, and run this again." >&2
    exit 1
  fi
  settings+=(--set "catalog.existingSecret=$CATALOG_SECRET")
else
  secret_once toygres-catalog
  settings+=(--set catalog.provided.enabled=true --set catalog.provided.existingSecret=toygres-catalog)
fi
if [ -n "$TEMPORAL_VALUES" ]; then
  settings+=(--values "$TEMPORAL_VALUES")
else
  settings+=(--set temporal.provided.enabled=true)
fi

if $https; then
  echo "# An ingress controller with a name in Azure's DNS, and certificates"
  run helm upgrade --install traefik oci://ghcr.io/traefik/helm/traefik --kube-context "$CLUSTER" \
    --namespace traefik --create-namespace --wait --timeout 10m \
    --set-string "service.annotations.service\.beta\.kubernetes\.io/azure-dns-label-name=$DNS_LABEL" \
    --set service.spec.externalTrafficPolicy=Local
  run helm upgrade --install cert-manager oci://quay.io/jetstack/charts/cert-manager --kube-context "$CLUSTER" \
    --namespace cert-manager --create-namespace --wait --timeout 10m --set crds.enabled=true
  apply <<EOF
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata:
  name: letsencrypt
spec:
  acme:
    server: https://acme-v02.api.letsencrypt.org/directory
    email: "${ACME_EMAIL:-}"
    privateKeySecretRef:
      name: letsencrypt
    solvers:
      - http01:
          ingress:
            ingressClassName: traefik
EOF
  settings+=(--set ingress.enabled=true --set ingress.className=traefik --set "ingress.host=$host"
    --set ingress.tls.clusterIssuer=letsencrypt --set 'api.trustedProxies={10.244.0.0/16}')
fi

echo "# Toygres"
run helm upgrade --install toygres deploy/helm/toygres --kube-context "$CLUSTER" --namespace toygres --wait --timeout 15m \
  --values deploy/aks/values.yaml "${settings[@]}"
run helm test toygres --kube-context "$CLUSTER" --namespace toygres

echo "# Next"
if $https; then
  echo "Open https://$host and sign in as admin. The certificate may take two minutes."
else
  echo "kubectl --context $CLUSTER -n toygres port-forward service/toygres-api 8080:80, open http://127.0.0.1:8080 and sign in as admin."
fi
echo "The password: kubectl --context $CLUSTER -n toygres get secret toygres-admin -o go-template='{{.data.password | base64decode}}'"
