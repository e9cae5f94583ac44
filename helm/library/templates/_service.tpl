{{/* Everything a service consists of. A service's chart includes this one template. */}}
{{- define "heirloom.all" -}}
{{ include "heirloom.serviceaccount" . }}
---
{{ include "heirloom.configmap" . }}
{{- if .Values.secrets }}
---
{{ include "heirloom.externalsecret" . }}
{{- end }}
{{- if .Values.migrations.enabled }}
---
{{ include "heirloom.migrations" . }}
{{- end }}
---
{{ include "heirloom.deployment" (dict "root" . "role" "api") }}
{{- if .Values.worker.enabled }}
---
{{ include "heirloom.deployment" (dict "root" . "role" "worker") }}
{{- end }}
---
{{ include "heirloom.service" . }}
---
{{ include "heirloom.hpa" . }}
---
{{ include "heirloom.pdb" . }}
---
{{ include "heirloom.networkpolicy" . }}
{{- if .Values.ingress.enabled }}
---
{{ include "heirloom.ingress" . }}
{{- end }}
{{- end -}}

{{- define "heirloom.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "heirloom.fullname" . }}
  labels: {{- include "heirloom.labels" . | nindent 4 }}
spec:
  type: ClusterIP
  selector:
    {{- include "heirloom.selector" . | nindent 4 }}
    heirloom.dev/role: api
  ports:
    - name: http
      port: {{ .Values.service.port }}
      targetPort: http
      protocol: TCP
{{- end -}}

{{- define "heirloom.serviceaccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "heirloom.fullname" . }}
  labels: {{- include "heirloom.labels" . | nindent 4 }}
  {{- with .Values.serviceAccount.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end -}}

{{- define "heirloom.configmap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "heirloom.fullname" . }}
  labels: {{- include "heirloom.labels" . | nindent 4 }}
data:
  {{- $global := .Values.global | default dict }}
  {{- $values := merge (dict) .Values.env ($global.env | default dict) }}
  {{- range $name, $value := $values }}
  {{ $name }}: {{ tpl (toString $value) $ | quote }}
  {{- end }}
{{- end -}}

{{/* The External Secrets operator turns this into a Secret of the same name. */}}
{{- define "heirloom.externalsecret" -}}
{{- $global := .Values.global | default dict }}
{{- $store := $global.secretStore | default dict }}
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {{ include "heirloom.fullname" . }}
  labels: {{- include "heirloom.labels" . | nindent 4 }}
spec:
  refreshInterval: 1h
  secretStoreRef:
    name: {{ $store.name | default "heirloom" }}
    kind: {{ $store.kind | default "SecretStore" }}
  target:
    name: {{ include "heirloom.fullname" . }}
  data:
    {{- range $name, $secret := .Values.secrets }}
    - secretKey: {{ $name }}
      remoteRef:
        key: {{ tpl $secret.key $ }}
        {{- with $secret.property }}
        property: {{ . }}
        {{- end }}
    {{- end }}
{{- end -}}

{{- define "heirloom.hpa" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "heirloom.fullname" . }}
  labels: {{- include "heirloom.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "heirloom.fullname" . }}
  minReplicas: {{ .Values.autoscaling.minReplicas }}
  maxReplicas: {{ .Values.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ .Values.autoscaling.cpuPercent }}
{{- end -}}

{{- define "heirloom.pdb" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "heirloom.fullname" . }}
  labels: {{- include "heirloom.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "heirloom.selector" . | nindent 6 }}
      heirloom.dev/role: api
{{- end -}}

{{- define "heirloom.ingress" -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ include "heirloom.fullname" . }}
  labels: {{- include "heirloom.labels" . | nindent 4 }}
  {{- with .Values.ingress.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .Values.ingress.className }}
  ingressClassName: {{ . }}
  {{- end }}
  rules:
    - host: {{ required "set ingress.host" .Values.ingress.host }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {{ include "heirloom.fullname" . }}
                port: { name: http }
  {{- with .Values.ingress.tlsSecret }}
  tls:
    - hosts: [{{ $.Values.ingress.host }}]
      secretName: {{ . }}
  {{- end }}
{{- end -}}
