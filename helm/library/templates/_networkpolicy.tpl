{{/*
Denies everything, then opens: the service's port to those named in networkPolicy.from, DNS, and
the destinations in networkPolicy.to.
*/}}
{{- define "heirloom.networkpolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "heirloom.fullname" . }}
  labels: {{- include "heirloom.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "heirloom.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - ports:
        - { port: 8080, protocol: TCP }
      {{- if .Values.networkPolicy.from }}
      from:
        {{- range .Values.networkPolicy.from }}
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: {{ . }}
              app.kubernetes.io/part-of: heirloom
        {{- end }}
      {{- end }}
  egress:
    - ports:
        - { port: 53, protocol: UDP }
        - { port: 53, protocol: TCP }
    {{- range .Values.networkPolicy.toServices }}
    - to:
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: {{ . }}
              app.kubernetes.io/part-of: heirloom
      ports:
        - { port: 8080, protocol: TCP }
    {{- end }}
    {{- range .Values.networkPolicy.toCidrs }}
    - to:
        - ipBlock: { cidr: {{ .cidr }} }
      ports:
        {{- range .ports }}
        - { port: {{ . }}, protocol: TCP }
        {{- end }}
    {{- end }}
{{- end -}}
