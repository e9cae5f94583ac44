{{- define "heirloom.podspec" -}}
{{- $root := .root -}}
serviceAccountName: {{ include "heirloom.fullname" $root }}
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  fsGroup: 1000
  seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "heirloom.container" -}}
{{- $root := .root -}}
image: {{ include "heirloom.image" $root }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
envFrom:
  - configMapRef: { name: {{ include "heirloom.fullname" $root }} }
  {{- if $root.Values.secrets }}
  - secretRef: { name: {{ include "heirloom.fullname" $root }} }
  {{- end }}
{{- end -}}

{{/* role: api serves requests; worker drains queues and outboxes. */}}
{{- define "heirloom.deployment" -}}
{{- $root := .root -}}
{{- $worker := eq .role "worker" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "heirloom.fullname" $root }}{{ if $worker }}-worker{{ end }}
  labels: {{- include "heirloom.labels" $root | nindent 4 }}
    heirloom.dev/role: {{ .role }}
spec:
  {{- if $worker }}
  replicas: {{ $root.Values.worker.replicas }}
  {{- end }}
  strategy:
    type: RollingUpdate
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  selector:
    matchLabels:
      {{- include "heirloom.selector" $root | nindent 6 }}
      heirloom.dev/role: {{ .role }}
  template:
    metadata:
      labels:
        {{- include "heirloom.labels" $root | nindent 8 }}
        heirloom.dev/role: {{ .role }}
      annotations:
        checksum/config: {{ include "heirloom.configmap" $root | sha256sum }}
    spec:
      {{- include "heirloom.podspec" . | nindent 6 }}
      terminationGracePeriodSeconds: 30
      containers:
        - name: {{ .role }}
          {{- include "heirloom.container" . | nindent 10 }}
          args: [serve]
          env:
            - { name: SERVICE_ROLE, value: {{ .role }} }
            - { name: HOST, value: "0.0.0.0" }
            - { name: PORT, value: "8080" }
          ports:
            - { name: http, containerPort: 8080, protocol: TCP }
          startupProbe:
            httpGet: { path: /healthz, port: http }
            periodSeconds: 2
            failureThreshold: 30
          livenessProbe:
            httpGet: { path: /healthz, port: http }
            periodSeconds: 10
            timeoutSeconds: 3
          readinessProbe:
            httpGet: { path: /readyz, port: http }
            periodSeconds: 5
            timeoutSeconds: 3
          resources: {{- toYaml (ternary $root.Values.worker.resources $root.Values.resources $worker) | nindent 12 }}
          volumeMounts:
            - { name: tmp, mountPath: /tmp }
            {{- with $root.Values.files.secretName }}
            - { name: files, mountPath: {{ $root.Values.files.mountPath }}, readOnly: true }
            {{- end }}
      volumes:
        - { name: tmp, emptyDir: {} }
        {{- with $root.Values.files.secretName }}
        - name: files
          secret: { secretName: {{ tpl . $root }} }
        {{- end }}
{{- end -}}

{{/* Migrations run before the new version: a job of the install and of each upgrade. */}}
{{- define "heirloom.migrations" -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "heirloom.fullname" . }}-migrate-{{ .Release.Revision }}
  labels: {{- include "heirloom.labels" . | nindent 4 }}
    heirloom.dev/role: migrate
spec:
  backoffLimit: 3
  activeDeadlineSeconds: 1800
  ttlSecondsAfterFinished: 86400
  template:
    metadata:
      labels:
        {{- include "heirloom.labels" . | nindent 8 }}
        heirloom.dev/role: migrate
    spec:
      {{- include "heirloom.podspec" (dict "root" .) | nindent 6 }}
      restartPolicy: Never
      containers:
        - name: migrate
          {{- include "heirloom.container" (dict "root" .) | nindent 10 }}
          args: [migrate]
          resources: {{- toYaml .Values.migrations.resources | nindent 12 }}
{{- end -}}
